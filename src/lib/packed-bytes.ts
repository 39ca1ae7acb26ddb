/**
 * Texts and numbers in a row of bytes, for values that are written too often for JSON. Numbers are 64-bit floats,
 * little-endian. A text is its length in UTF-16 units, doubled and one more where they take two bytes each (32 bits,
 * little-endian), and then the units; most texts are of Latin letters and take one byte for each. So every text comes
 * back, one with halves of surrogate pairs too.
 */

/** Stands where the length of a text would: there is none. */
const ABSENT = 0xffff_ffff;
const LENGTH_BYTES = 4;

/** How many bytes `writeText` writes. */
export function textBytes(text: string | undefined): number {
  if (text === undefined) return LENGTH_BYTES;
  return LENGTH_BYTES + (isNarrow(text) ? text.length : 2 * text.length);
}

/** Gives where it ends, as `writeNumber` does. */
export function writeText(text: string | undefined, target: DataView, offset: number): number {
  if (text === undefined) {
    target.setUint32(offset, ABSENT, true);
    return offset + LENGTH_BYTES;
  }
  const { length } = text;
  const from = offset + LENGTH_BYTES;
  if (isNarrow(text)) {
    target.setUint32(offset, 2 * length, true);
    for (let index = 0; index < length; index++) target.setUint8(from + index, text.charCodeAt(index));
    return from + length;
  }
  target.setUint32(offset, 2 * length + 1, true);
  for (let index = 0; index < length; index++) target.setUint16(from + 2 * index, text.charCodeAt(index), true);
  return from + 2 * length;
}

export function writeNumber(value: number, target: DataView, offset: number): number {
  target.setFloat64(offset, value, true);
  return offset + 8;
}

/** Whether each unit has room in a byte. */
function isNarrow(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0xff) return false;
  return true;
}

/** Reads what was written, in the order in which it was. Throws a `RangeError` where the bytes end before it does. */
export class PackedReader {
  readonly #source: DataView;
  readonly #end: number;
  #at: number;

  constructor(source: DataView, offset: number, size: number) {
    this.#source = source;
    this.#at = offset;
    this.#end = offset + size;
  }

  byte(): number {
    return this.#source.getUint8(this.#next(1));
  }

  number(): number {
    return this.#source.getFloat64(this.#next(8), true);
  }

  text(): string | undefined {
    const mark = this.#source.getUint32(this.#next(LENGTH_BYTES), true);
    if (mark === ABSENT) return undefined;
    const [length, isWide] = [mark >>> 1, (mark & 1) === 1];
    const from = this.#next(isWide ? 2 * length : length);
    let text = "";
    for (let index = 0; index < length; index++) {
      text += String.fromCharCode(
        isWide ? this.#source.getUint16(from + 2 * index, true) : this.#source.getUint8(from + index),
      );
    }
    return text;
  }

  /** Throws where there is more. */
  end(): void {
    if (this.#at !== this.#end) throw new RangeError("more bytes than were written");
  }

  /** Where so many bytes begin. */
  #next(bytes: number): number {
    const at = this.#at;
    if (at + bytes > this.#end) throw new RangeError("fewer bytes than were written");
    this.#at = at + bytes;
    return at;
  }
}
