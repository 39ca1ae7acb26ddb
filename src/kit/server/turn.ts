import type { Clock } from "../../lib/clock.ts";

/** A request larger than this is work enough to be refused for want of time; a smaller one is answered as fast as refused. */
export const LARGE_BODY_BYTES = 16 * 1024;
/** Well below GOST's own patience of 5 s: whoever comes later in a turn may have waited for as long already. */
const TURN_MS_MAX = 1_000;

/**
 * How long one turn of the event loop has been handling requests. All that were read in it wait behind each other, so
 * beyond a bound the large ones are refused at once, and the turn ends soon, instead of being answered when nobody waits
 * for them any more.
 */
export class Turn {
  readonly #clock: Clock;
  #since: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a request of so many bytes comes too late in this turn. */
  isTooLong(bytes: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#since === undefined) {
      this.#since = now;
      setImmediate(() => {
        this.#since = undefined;
      });
    }
    return bytes > LARGE_BODY_BYTES && now - this.#since > TURN_MS_MAX;
  }
}
