import type { ServerAnswer } from "../../component/server.ts";
import { lengthField } from "../../model/otlp/attributes-codec.ts";
import { tag, VARINT, WireWriter } from "../../model/otlp/wire-writer.ts";
import type { Signal } from "../../model/signal.ts";
import type { Failed, Taken, Verdict } from "./verdict.ts";

/** Verdicts in OTLP's words: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-response and #otlphttp-response */

export type Encoding = "proto" | "json";

export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  proto: "application/x-protobuf",
  json: "application/json",
};

/** As the Collector's receiver answers; `too_large` is its sender's to mend, so it is not the 429 that asks for a repetition. */
const STATUS: Readonly<Record<Failed["outcome"], { readonly grpc: number; readonly http: number }>> = {
  refused: { grpc: 14, http: 503 },
  rejected: { grpc: 13, http: 500 },
  malformed: { grpc: 3, http: 400 },
  too_large: { grpc: 8, http: 413 },
  not_supported: { grpc: 12, http: 404 },
};

const RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo";
const REJECTED: Readonly<Record<Signal, string>> = {
  metrics: "rejectedDataPoints",
  traces: "rejectedSpans",
  logs: "rejectedLogRecords",
};

export function grpcAnswer(verdict: Verdict): ServerAnswer {
  if (verdict.outcome === "taken") return { status: 0, body: successBytes(verdict) };
  const { grpc: status } = STATUS[verdict.outcome];
  const { message } = verdict;
  if (verdict.retryAfterMs === undefined) return { status, message };
  const details = Buffer.from(statusBytes(verdict)).toString("base64").replace(/=+$/, "");
  return { status, message, headers: { "grpc-status-details-bin": details } };
}

export function httpAnswer(verdict: Verdict, encoding: Encoding, signal: Signal): ServerAnswer {
  const headers = { "Content-Type": CONTENT_TYPES[encoding] };
  if (verdict.outcome === "taken") {
    const body = encoding === "proto" ? successBytes(verdict) : JSON.stringify(successJson(verdict, signal));
    return { status: 200, headers, body };
  }
  const { retryAfterMs } = verdict;
  const retryAfter = retryAfterMs === undefined ? {} : { "Retry-After": String(Math.ceil(retryAfterMs / 1000)) };
  const body = encoding === "proto" ? statusBytes(verdict) : JSON.stringify(statusJson(verdict));
  return { status: STATUS[verdict.outcome].http, headers: { ...headers, ...retryAfter }, body };
}

/** `ExportMetricsServiceResponse` and its like, which are one shape: `{partial_success=1: {rejected=1, error_message=2}}`. */
function successBytes({ rejected, message }: Taken): Uint8Array {
  if (rejected === 0 && message === "") return NO_BYTES;
  const partial = new WireWriter();
  if (rejected > 0) numberField(partial, 1, rejected);
  lengthField(partial, 2, Buffer.from(message));
  return nested(1, partial);
}

function successJson({ rejected, message }: Taken, signal: Signal): object {
  if (rejected === 0 && message === "") return {};
  return { partialSuccess: { [REJECTED[signal]]: String(rejected), errorMessage: message } };
}

/** `google.rpc.Status{code=1, message=2, details=3}`; the details are a `RetryInfo{retry_delay=1: Duration}` or nothing. */
function statusBytes({ outcome, message, retryAfterMs }: Failed): Uint8Array {
  const status = new WireWriter();
  numberField(status, 1, STATUS[outcome].grpc);
  lengthField(status, 2, Buffer.from(message));
  if (retryAfterMs !== undefined) {
    const duration = new WireWriter();
    numberField(duration, 1, Math.floor(retryAfterMs / 1000));
    numberField(duration, 2, Math.round((retryAfterMs % 1000) * 1e6));
    const any = new WireWriter();
    lengthField(any, 1, Buffer.from(RETRY_INFO));
    lengthField(any, 2, nested(1, duration));
    lengthField(status, 3, any.finish());
  }
  return status.finish();
}

function statusJson({ outcome, message, retryAfterMs }: Failed): object {
  const details =
    retryAfterMs === undefined ? {} : { details: [{ "@type": RETRY_INFO, retryDelay: `${retryAfterMs / 1000}s` }] };
  return { code: STATUS[outcome].grpc, message, ...details };
}

function nested(field: number, inner: WireWriter): Uint8Array {
  const outer = new WireWriter();
  lengthField(outer, field, inner.finish());
  return outer.finish();
}

function numberField(writer: WireWriter, field: number, value: number): void {
  writer.reserve(11);
  writer.byte(tag(field, VARINT));
  writer.varint(value);
}

const NO_BYTES = new Uint8Array(0);
