import type { Random } from "../../lib/random.ts";
import type { RetryConfig } from "./config.ts";

const ASKED_MS_MAX = 3_600_000;

/** The waits between the attempts for one request: each longer than the last, and none the same for two senders. */
export class Backoff {
  readonly #config: RetryConfig;
  readonly #random: Random;
  #intervalMs: number;

  constructor(config: RetryConfig, random: Random) {
    this.#config = config;
    this.#random = random;
    this.#intervalMs = config.initial_interval;
  }

  /**
   * The next wait in milliseconds. What the backend asked for is kept to, even where it is longer than `max_interval`,
   * but for an hour at the most: it may be a date by a clock that is wrong.
   */
  next(askedMs = 0): number {
    const { randomization_factor: factor, multiplier, max_interval: maxMs } = this.#config;
    const waitMs = this.#intervalMs * (1 + factor * (2 * this.#random.float() - 1));
    this.#intervalMs = Math.min(this.#intervalMs * multiplier, maxMs);
    return Math.max(waitMs, Math.min(askedMs, ASKED_MS_MAX));
  }
}
