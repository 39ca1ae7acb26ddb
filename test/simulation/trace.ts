import type { Clock } from "../../src/lib/clock.ts";

/** What happens in a life, line by line. Two lives of one seed have the same hash, or something is not determined by it. */
export class Trace {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #write: ((line: string) => void) | undefined;
  #low = 0x811c9dc5;
  #high = 0x1b873593;
  #lines = 0;

  /** `write` takes the lines, each with its second of virtual time. */
  constructor(clock: Clock, write?: (line: string) => void) {
    this.#clock = clock;
    this.#startMs = clock.monotonic();
    this.#write = write;
  }

  note(text: string): void {
    const atMs = this.#clock.monotonic() - this.#startMs;
    this.#lines++;
    let low = Math.imul(this.#low ^ (atMs * 1024), 0x01000193);
    let high = this.#high;
    for (let index = 0; index < text.length; index++) {
      low = Math.imul(low ^ text.charCodeAt(index), 0x01000193);
      high = Math.imul(high ^ low, 0x85ebca6b) ^ (high >>> 13);
    }
    this.#low = low;
    this.#high = high;
    this.#write?.(`${(atMs / 1000).toFixed(4).padStart(9)} ${text}`);
  }

  get lines(): number {
    return this.#lines;
  }

  get hash(): string {
    return ((this.#high >>> 0).toString(16) + (this.#low >>> 0).toString(16).padStart(8, "0")).padStart(16, "0");
  }
}
