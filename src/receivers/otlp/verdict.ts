import type { Outcome } from "../../component/delivery.ts";

/**
 * How a request ended, in the words of its counter:
 * `refused`: not now, and worth sending again. `rejected`: what it holds was refused for good. `malformed`: it is no OTLP.
 * `too_large`: it holds more than is taken at once. `not_supported`: there is no such thing here.
 */
export type Verdict = Taken | Failed;

/** `rejected` items were left out, for the reason that `message` gives. */
export interface Taken {
  readonly outcome: "taken";
  readonly rejected: number;
  readonly message: string;
}

export interface Failed {
  readonly outcome: "refused" | "rejected" | "malformed" | "too_large" | "not_supported";
  /** In snake_case, for counters. */
  readonly reason: string;
  readonly message: string;
  readonly retryAfterMs?: number;
}

export const TAKEN: Taken = { outcome: "taken", rejected: 0, message: "" };

export function failed(outcome: Failed["outcome"], reason: string, message: string): Failed {
  return { outcome, reason, message };
}

export function verdictOf(outcome: Outcome): Verdict {
  if (outcome.taken) return TAKEN;
  const { kind, reason, message, retryAfterMs } = outcome.refusal;
  const refused = failed(kind === "retryable" ? "refused" : "rejected", reason, message);
  return retryAfterMs === undefined ? refused : { ...refused, retryAfterMs };
}
