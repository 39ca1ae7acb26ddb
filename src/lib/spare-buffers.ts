import { free } from "./free.ts";

/** Smaller ones come from Node's pool. */
const BYTES_MIN = 16 * 1024;

export interface SpareLimits {
  /** Larger ones are not held on to. */
  readonly bytesMax: number;
  readonly countMax: number;
}

/**
 * Buffers that are used again. What is allocated outside the heap for each message makes V8 collect all garbage every few
 * hundred messages, and the kernel hand out and clear pages for each large one.
 */
export class SpareBuffers {
  readonly #limits: SpareLimits;
  readonly #spare: Buffer[] = [];
  readonly #taken = new WeakSet<ArrayBufferLike>();

  constructor(limits: SpareLimits) {
    this.#limits = limits;
  }

  /** A buffer of at least this size, with anything in it. */
  take(size: number): Buffer {
    if (size < BYTES_MIN) return Buffer.allocUnsafe(size);
    const index = this.#spare.findIndex(({ length }) => length >= size);
    // A new one in steps, so that the next message, a little longer, has room in it.
    const steps = Math.ceil(size / BYTES_MIN);
    const buffer = index >= 0 ? this.#spare.splice(index, 1)[0]! : Buffer.allocUnsafeSlow(steps * BYTES_MIN);
    this.#taken.add(buffer.buffer);
    return buffer;
  }

  /** Of a buffer that was taken here, or a part of one: nobody looks at it any more. Anything else is left alone. */
  give({ buffer }: Uint8Array): void {
    if (!this.#taken.delete(buffer)) return;
    const { bytesMax, countMax } = this.#limits;
    const spare = Buffer.from(buffer);
    if (buffer.byteLength <= bytesMax) this.#spare.push(spare);
    else free(spare);
    if (this.#spare.length > countMax) free(this.#spare.shift()!);
  }
}
