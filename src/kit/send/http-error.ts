import type { HttpAnswer } from "../../component/transport.ts";
import { SendError } from "./send-error.ts";

/** An error's text may be a whole page, and is cut. */
const MESSAGE_LENGTH_MAX = 300;

const BAD_REQUEST = 400;
const CONTENT_TOO_LARGE = 413;

/** Servers' words for a request above their limit, where the status says less: the Collector's is a 400. */
export function isSaidTooLarge(text: string): boolean {
  return /\b(too large|larger than|at most \d+ bytes)\b/i.test(text);
}

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status <= 299;
}

/**
 * What an answer that is no success means for the data: the protocol says which statuses are worth another attempt.
 * A redirection is none of the backend's own words on the data, so that is kept until somebody has set the address right.
 */
export function errorOfAnswer(answer: HttpAnswer, isRetryable: (status: number) => boolean, now: number): SendError {
  const { status, headers } = answer;
  const isRedirection = status >= 300 && status <= 399;
  const retryable = isRedirection || isRetryable(status);
  const retryAfter = headers["retry-after"];
  const retryAfterMs = retryAfter === undefined || !retryable ? undefined : waitMs(retryAfter, now);
  const message = isRedirection ? `this is not the address, it says: ${headers["location"]}` : textOf(answer);
  const text = `HTTP status ${status}${message === "" ? "" : `: ${message}`}`;
  const isTooLarge = status === CONTENT_TOO_LARGE || (status === BAD_REQUEST && isSaidTooLarge(message));
  return new SendError(retryable ? "retryable" : "permanent", `http_${status}`, text, { retryAfterMs, isTooLarge });
}

/**
 * A page for people is no answer to a program: somebody stands in the backend's place, a proxy perhaps that wants a
 * login. What it calls a success is none.
 */
export function errorOfPage({ status, headers }: HttpAnswer): SendError | undefined {
  if (!headers["content-type"]?.startsWith("text/html")) return undefined;
  return new SendError(
    "retryable",
    "not_the_backend",
    `HTTP status ${status} with a web page: this is not the backend`,
  );
}

/** What a person can read of an answer's body. */
export function textOf({ body }: HttpAnswer): string {
  const text = Buffer.from(body)
    .toString()
    .replace(/[^\x20-\x7e]+/g, " ");
  return shortened(text.trim());
}

/** As much of a backend's words as a line has room for. */
export function shortened(text: string): string {
  return text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)}…` : text;
}

/** `Retry-After` is seconds, or a date. */
function waitMs(retryAfter: string, now: number): number | undefined {
  if (/^\d+$/.test(retryAfter.trim())) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
