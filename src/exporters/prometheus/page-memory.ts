/** What a page's memory has to spare, so that the next page, a little longer, has room in it. */
const SPARE_PART = 1 / 32;
/** Memory that is larger than what is asked for by more than this is given back. */
const SPARE_PART_MAX = 1 / 4;

/**
 * The memory of the last page, for the next one: pages are large, and to be handed new memory by the kernel takes a quarter
 * of the time of a scrape. Never that of more than one page, nor of one that was much larger.
 */
export class PageMemory {
  #kept: Buffer | undefined;
  #isUsed = false;

  /** At least so many bytes, with anything in them. */
  take(bytes: number): Buffer {
    const kept = this.#kept;
    this.#kept = undefined;
    this.#isUsed = true;
    const fits = kept !== undefined && kept.length >= bytes && kept.length <= bytes * (1 + SPARE_PART_MAX);
    return fits ? kept : Buffer.allocUnsafeSlow(Math.ceil(bytes * (1 + SPARE_PART)));
  }

  /** A page that nobody looks at any more, in memory that nothing else is in. */
  give({ buffer }: Buffer): void {
    this.#kept = Buffer.from(buffer);
  }

  /** Keeps nothing, where nothing was taken since the last call. */
  clearUnused(): void {
    if (!this.#isUsed) this.#kept = undefined;
    this.#isUsed = false;
  }
}
