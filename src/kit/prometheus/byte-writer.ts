const CAPACITY_MIN = 256;
/** What does not fit into its memory goes on in so much more of it: less than double, for texts can be large. */
const GROWTH = 1.25;

/**
 * Text that grows as bytes. Most of an exposition is label text that was encoded before and whole numbers, and for
 * both, bytes take a fraction of the time that joining strings and encoding the result takes.
 */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  /** `memory`: what it writes into; where that is not enough, it costs a copy. */
  constructor(memory: Buffer) {
    this.#bytes = memory;
  }

  get length(): number {
    return this.#length;
  }

  text(text: string): void {
    // A UTF-16 unit takes three bytes of UTF-8 at the most.
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  bytes(source: Buffer, start = 0, end = source.length): void {
    this.#reserve(end - start);
    source.copy(this.#bytes, this.#length, start, end);
    this.#length += end - start;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** As Prometheus reads it: `NaN`, `+Inf`, `-Inf`, whole numbers in full, the others in the shortest exact form. */
  number(value: number): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER && Math.floor(value) === value) this.#whole(value);
    else this.text(numberText(value));
  }

  /** The bytes so far. They share memory with the writer, which must not be used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** In two halves, since arithmetic is fastest on numbers of up to 31 bits. */
  #whole(value: number): void {
    this.#reserve(16);
    const high = Math.floor(value / 1e8);
    const low = value - high * 1e8;
    if (high > 0) {
      this.#digits(high, digitCount(high));
      this.#digits(low, 8);
    } else {
      this.#digits(low, digitCount(low));
    }
  }

  #digits(value: number, count: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (let at = this.#length + count - 1; at >= this.#length; at--) {
      const tenth = Math.floor(rest / 10);
      bytes[at] = 48 + rest - tenth * 10;
      rest = tenth;
    }
    this.#length += count;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    // Of its own, for whoever uses it again: small ones would be parts of Node's pool.
    const grown = Buffer.allocUnsafeSlow(Math.ceil(Math.max(this.#bytes.length, needed, CAPACITY_MIN) * GROWTH));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** A number as text, in the form that `ByteWriter.number` writes. */
export function numberText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

function digitCount(value: number): number {
  let count = 1;
  for (let limit = 10; limit <= value; limit *= 10) count++;
  return count;
}
