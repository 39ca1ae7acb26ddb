import { type Clock, sleep } from "../../lib/clock.ts";

/** Lets so many lines a second leave; a second's worth may leave at once. */
export class Pacer {
  readonly #clock: Clock;
  readonly #perSecond: number;
  /** When what has left is paid for. */
  #freeAtMs = 0;

  constructor(clock: Clock, perSecond: number) {
    this.#clock = clock;
    this.#perSecond = perSecond;
  }

  async leave(lines: number, signal: AbortSignal): Promise<void> {
    if (this.#perSecond === 0) return;
    const now = this.#clock.monotonic();
    this.#freeAtMs = Math.max(this.#freeAtMs, now - 1000) + (lines / this.#perSecond) * 1000;
    if (this.#freeAtMs > now) await sleep(this.#clock, this.#freeAtMs - now, signal);
  }
}
