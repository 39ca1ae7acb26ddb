import type { Cancel, Clock } from "../lib/clock.ts";

/** Behind a smaller commit nobody waits for others. */
const LARGE = 32;
/** How long others are waited for: less than a disk takes for a commit. */
const WAIT_MS = 2;

/**
 * When deliveries are worth a commit. Whoever is answered sends again, so those of one commit come back together, one of
 * them first. If that one were committed alone, the others would wait for that commit, and so on for ever: one, all others,
 * one. So behind a large commit the next one begins when half as many wait, and two of equal size take turns; what the
 * one has to do is done while the other is written.
 */
export class CommitPace {
  readonly #clock: Clock;
  readonly #begin: () => void;
  #lastSize = 0;
  #cancelWait: Cancel | undefined;

  /** `begin` is called when the wait is over. */
  constructor(clock: Clock, begin: () => void) {
    this.#clock = clock;
    this.#begin = begin;
  }

  /** Whether so many deliveries begin a commit now: then they have to. */
  begins(deliveries: number): boolean {
    if (this.#lastSize >= LARGE && deliveries < this.#lastSize / 2) {
      this.#cancelWait ??= this.#clock.after(WAIT_MS, () => {
        this.#lastSize = 0;
        this.#begin();
      });
      return false;
    }
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#lastSize = deliveries;
    return true;
  }
}
