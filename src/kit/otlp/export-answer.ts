import { WireError, WireReader } from "../../model/otlp/wire-reader.ts";
import { LENGTH, tag, VARINT } from "../../model/otlp/wire-writer.ts";
import { isSaidTooLarge, shortened } from "../send/http-error.ts";
import { SendError } from "../send/send-error.ts";
import type { PartialSuccess } from "../send/sender.ts";

/**
 * What an OTLP server answers, the same over both transports:
 * https://opentelemetry.io/docs/specs/otlp/#partial-success and #failures
 */

/** gRPC's statuses that are worth another attempt; RESOURCE_EXHAUSTED only where the server says when. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);
const RESOURCE_EXHAUSTED = 8;
const RETRYABLE_HTTP_STATUSES: ReadonlySet<number> = new Set([429, 502, 503, 504]);

const STATUS_NAMES = [
  "ok",
  "cancelled",
  "unknown",
  "invalid_argument",
  "deadline_exceeded",
  "not_found",
  "already_exists",
  "permission_denied",
  "resource_exhausted",
  "failed_precondition",
  "aborted",
  "out_of_range",
  "unimplemented",
  "internal",
  "unavailable",
  "data_loss",
  "unauthenticated",
] as const;

/** What a success is whose message nobody can read: the data was taken, but something is wrong there. */
const UNREADABLE: PartialSuccess = { rejected: 0, message: "its answer says success, and cannot be read beyond that" };

/**
 * What was said of a part in a success (`ExportMetricsServiceResponse` and its like); nothing where all was taken.
 * `undefined` is an answer that could not even be taken for a message.
 */
export function partialSuccess(answer: Uint8Array | undefined): PartialSuccess | undefined {
  if (answer === undefined) return UNREADABLE;
  let rejected = 0;
  let message = "";
  try {
    const reader = new WireReader(answer);
    while (reader.at < answer.length) {
      const field = reader.varint();
      if (field !== tag(1, LENGTH)) {
        reader.skip(field & 7, answer.length);
        continue;
      }
      const end = reader.lengthEnd(answer.length);
      while (reader.at < end) {
        const inner = reader.varint();
        if (inner === tag(1, VARINT)) rejected = Number(reader.int64());
        else if (inner === tag(2, LENGTH)) message = reader.text(reader.lengthEnd(end));
        else reader.skip(inner & 7, end);
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
    return UNREADABLE;
  }
  return rejected === 0 && message === "" ? undefined : { rejected, message };
}

/** The same of an answer in JSON. */
export function partialSuccessOfJson(text: string): PartialSuccess | undefined {
  try {
    const { partialSuccess: partial } = JSON.parse(text) as { partialSuccess?: Record<string, unknown> };
    if (typeof partial !== "object" || partial === null) return undefined;
    const { errorMessage = "", ...counts } = partial;
    const rejected = Number(Object.values(counts)[0] ?? 0);
    if (Number.isNaN(rejected)) return UNREADABLE;
    return rejected === 0 && errorMessage === "" ? undefined : { rejected, message: String(errorMessage) };
  } catch {
    return UNREADABLE;
  }
}

/** A call's status as what it means for the data. `details` are the bytes of a `google.rpc.Status`. */
export function errorOfStatus(status: number, message: string, details: Uint8Array | undefined): SendError {
  const name = STATUS_NAMES[status] ?? "unknown";
  const retryAfterMs = details === undefined ? undefined : retryDelayMs(details);
  const isExhausted = status === RESOURCE_EXHAUSTED;
  const isRetryable = RETRYABLE_STATUSES.has(status) || (isExhausted && retryAfterMs !== undefined);
  return new SendError(isRetryable ? "retryable" : "permanent", name, `${name.toUpperCase()}: ${shortened(message)}`, {
    retryAfterMs,
    isTooLarge: isExhausted && isSaidTooLarge(message),
  });
}

/** Whether the same request may be taken later. */
export function isRetryableHttpStatus(status: number): boolean {
  return RETRYABLE_HTTP_STATUSES.has(status);
}

/** The delay of a `google.rpc.RetryInfo` among the details of a `google.rpc.Status`. */
function retryDelayMs(status: Uint8Array): number | undefined {
  try {
    const reader = new WireReader(status);
    while (reader.at < status.length) {
      const field = reader.varint();
      if (field !== tag(3, LENGTH)) {
        reader.skip(field & 7, status.length);
        continue;
      }
      const end = reader.lengthEnd(status.length);
      const delay = retryInfoMs(reader, end);
      if (delay !== undefined) return delay;
      reader.at = end;
    }
  } catch (thrown) {
    if (!(thrown instanceof WireError)) throw thrown;
  }
  return undefined;
}

/** An `Any` that holds a `RetryInfo{retry_delay=1: Duration{seconds=1, nanos=2}}`. */
function retryInfoMs(reader: WireReader, end: number): number | undefined {
  let isRetryInfo = false;
  let delayMs: number | undefined;
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH)) isRetryInfo = reader.text(reader.lengthEnd(end)).endsWith("google.rpc.RetryInfo");
    else if (field === tag(2, LENGTH)) {
      const valueEnd = reader.lengthEnd(end);
      delayMs = 0;
      while (reader.at < valueEnd) {
        const inner = reader.varint();
        if (inner === tag(1, LENGTH)) delayMs = durationMs(reader, reader.lengthEnd(valueEnd));
        else reader.skip(inner & 7, valueEnd);
      }
    } else reader.skip(field & 7, end);
  }
  return isRetryInfo ? delayMs : undefined;
}

function durationMs(reader: WireReader, end: number): number {
  let ms = 0;
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, VARINT)) ms += Number(reader.int64()) * 1000;
    else if (field === tag(2, VARINT)) ms += Number(reader.int64()) / 1e6;
    else reader.skip(field & 7, end);
  }
  return Math.max(0, ms);
}
