import type { HttpAnswer } from "../../component/transport.ts";
import { errorOfAnswer, errorOfPage, isSuccess, textOf } from "../../kit/send/http-error.ts";
import { SendError } from "../../kit/send/send-error.ts";
import type { PartialSuccess } from "../../kit/send/sender.ts";

const WRITTEN = "x-prometheus-remote-write-samples-written";

/** https://prometheus.io/docs/specs/prw/remote_write_spec_2_0/#retries--backoff, and the same in 1.0. */
function isRetryable(status: number): boolean {
  return status === 429 || status >= 500;
}

/** What a receiver of 1.0 answered: it took all of it, or a `SendError`. */
export function outcomeV1(answer: HttpAnswer, now: number): undefined {
  if (!isSuccess(answer)) throw errorOfAnswer(answer, isRetryable, now);
  const page = errorOfPage(answer);
  if (page !== undefined) throw page;
  return undefined;
}

/**
 * What a receiver of 2.0 answered to so many samples. It tells how many it wrote, and writes what it can of a request
 * that it refuses in part.
 */
export function outcomeV2(answer: HttpAnswer, samples: number, now: number): PartialSuccess | undefined {
  const header = answer.headers[WRITTEN];
  const written = header === undefined ? 0 : Number(header);
  if (isSuccess(answer)) {
    const page = errorOfPage(answer);
    if (page !== undefined) throw page;
    if (header === undefined) {
      // A receiver of 1.0 finds nothing in a request of 2.0, and calls that a success.
      const message = "the receiver does not know remote write 2.0: set protobuf_message to prometheus.WriteRequest";
      throw new SendError("permanent", "not_understood", message);
    }
    return written < samples ? { rejected: samples - written, message: "not all samples were written" } : undefined;
  }
  const error = errorOfAnswer(answer, isRetryable, now);
  if (error.kind === "retryable" || !(written > 0)) throw error;
  return { rejected: samples - written, message: textOf(answer) };
}
