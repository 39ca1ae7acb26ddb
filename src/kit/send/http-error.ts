import type { HttpAnswer } from "../../component/transport.ts";
import { SendError } from "./send-error.ts";

/** An error's text may be a whole page, and is cut. */
const MESSAGE_LENGTH_MAX = 300;

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status <= 299;
}

/** What an answer that is no success means for the data: the protocol says which statuses are worth another attempt. */
export function errorOfAnswer(answer: HttpAnswer, isRetryable: (status: number) => boolean, now: number): SendError {
  const { status, headers } = answer;
  const retryable = isRetryable(status);
  const retryAfter = headers["retry-after"];
  const retryAfterMs = retryAfter === undefined || !retryable ? undefined : waitMs(retryAfter, now);
  const message = textOf(answer);
  const text = `HTTP status ${status}${message === "" ? "" : `: ${message}`}`;
  return new SendError(retryable ? "retryable" : "permanent", `http_${status}`, text, { retryAfterMs });
}

/** What a person can read of an answer's body. */
export function textOf({ body }: HttpAnswer): string {
  const text = Buffer.from(body)
    .toString()
    .replace(/[^\x20-\x7e]+/g, " ")
    .trim();
  return text.length > MESSAGE_LENGTH_MAX ? `${text.slice(0, MESSAGE_LENGTH_MAX)}…` : text;
}

/** `Retry-After` is seconds, or a date. */
function waitMs(retryAfter: string, now: number): number | undefined {
  if (/^\d+$/.test(retryAfter.trim())) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
