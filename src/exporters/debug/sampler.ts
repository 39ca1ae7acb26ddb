import type { Clock } from "../../lib/clock.ts";

const WINDOW_MS = 1000;

/** Lets the first few of each second through, and then every so many-th. */
export class Sampler {
  readonly #clock: Clock;
  readonly #initial: number;
  readonly #thereafter: number;
  #windowStart = Number.NEGATIVE_INFINITY;
  #seen = 0;

  constructor(clock: Clock, initial: number, thereafter: number) {
    this.#clock = clock;
    this.#initial = initial;
    this.#thereafter = thereafter;
  }

  /** Whether the next one is let through. */
  next(): boolean {
    const now = this.#clock.monotonic();
    if (now - this.#windowStart >= WINDOW_MS) {
      this.#windowStart = now;
      this.#seen = 0;
    }
    const beyond = ++this.#seen - this.#initial;
    return beyond <= 0 || (this.#thereafter > 0 && beyond % this.#thereafter === 0);
  }
}
