/**
 * How a component refuses a batch: thrown by `consume`, returned by `admit`. There are exactly two kinds.
 *
 * `retryable`: not now; the sender keeps the data and may send it again, after `retryAfterMs` where that is known.
 * `permanent`: this data is bad; the same data will be refused again.
 *
 * A `retryable` refusal is a promise that nothing was changed.
 */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly kind: "retryable" | "permanent";
  /** A short constant in snake_case, for counters: never with data in it. */
  readonly reason: string;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: "retryable" | "permanent",
    reason: string,
    message: string,
    options: { readonly retryAfterMs?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.reason = reason;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** What was thrown as a refusal: what is none already was a fault of ours, and the sender may try again. */
  static from(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new Refusal("retryable", "internal_error", message, { cause: thrown });
  }
}
