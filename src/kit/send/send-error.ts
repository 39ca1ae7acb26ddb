import { TransportError } from "../../component/transport.ts";

/**
 * Why an attempt to send failed. `retryable`: the same data may be taken later, after `retryAfterMs` where the backend
 * said so. `permanent`: it never will be. Whatever else a `send` rejects with is taken for retryable.
 */
export class SendError extends Error {
  override readonly name = "SendError";
  readonly kind: "retryable" | "permanent";
  /** A short constant in snake_case, for counters. */
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  /** Whether less at a time may be taken: `permanent` is said of the request, not of what is in it. */
  readonly isTooLarge: boolean;

  constructor(
    kind: "retryable" | "permanent",
    reason: string,
    message: string,
    options: {
      readonly retryAfterMs?: number | undefined;
      readonly isTooLarge?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
    this.isTooLarge = options.isTooLarge ?? false;
  }

  static from(thrown: unknown): SendError {
    if (thrown instanceof SendError) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const reason = thrown instanceof TransportError ? thrown.code.toLowerCase() : "failed";
    return new SendError("retryable", reason, message, { cause: thrown });
  }
}
