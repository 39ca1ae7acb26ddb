/** Smaller ones come from Node's pool. */
const BYTES_MIN = 16 * 1024;
/** Larger ones are rare, and not to be held on to. */
const BYTES_MAX = 4 * 1024 * 1024;
const SPARE_MAX = 4;

/**
 * Buffers that are used again. What is allocated outside the heap for each message makes V8 collect all garbage every few
 * hundred messages.
 */
export class SpareBuffers {
  readonly #spare: Buffer[] = [];

  /** A buffer of at least this size, with anything in it. */
  take(size: number): Buffer {
    if (size < BYTES_MIN) return Buffer.allocUnsafe(size);
    const index = this.#spare.findIndex(({ length }) => length >= size);
    if (index >= 0) return this.#spare.splice(index, 1)[0]!;
    // In steps, so that the next message, a little longer, has room in it.
    return Buffer.allocUnsafeSlow(Math.ceil(size / BYTES_MIN) * BYTES_MIN);
  }

  /** Of a buffer that was taken here, or the begin of it: nobody looks at it any more. */
  give(bytes: Uint8Array): void {
    const { byteLength } = bytes.buffer;
    if (bytes.byteOffset > 0 || byteLength < BYTES_MIN || byteLength > BYTES_MAX) return;
    if (this.#spare.length === SPARE_MAX) this.#spare.shift();
    this.#spare.push(Buffer.from(bytes.buffer));
  }
}
