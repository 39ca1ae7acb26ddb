import { viewOf } from "../../lib/view-of.ts";

const TWO_32 = 0x1_0000_0000;
const EMPTY = Buffer.alloc(0);
const EMPTY_VIEW = viewOf(EMPTY);

/**
 * Protobuf's wire format, written into one growing buffer. Lengths are known before they are written: whoever nests a
 * message tells its size first (`varintSize`, `fieldSize`).
 */
export class WireWriter {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;

  /** `memory`: a size, or what it writes into first; it grows where that is not enough. */
  constructor(memory: number | Buffer = 1024) {
    // Small ones share their memory: each of its own takes more outside the heap than it holds.
    this.#bytes = typeof memory === "number" ? Buffer.allocUnsafe(memory) : memory;
    this.#view = viewOf(this.#bytes);
  }

  /** What was written; valid for ever, the writer begins a new buffer. */
  finish(): Uint8Array {
    const written = this.#bytes.subarray(0, this.#at);
    this.#bytes = EMPTY;
    this.#view = EMPTY_VIEW;
    this.#at = 0;
    return written;
  }

  /** Makes room for `size` more bytes; every other method writes without looking. */
  reserve(size: number): void {
    const needed = this.#at + size;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }

  byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  /** A signed 64-bit number as protobuf's int64: negative ones take ten bytes. */
  bigVarint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  /** A whole number as a 64-bit one, in two's complement; beyond 2^53 it is as exact as a `number` is. */
  int(value: number): void {
    setInt(this.#view, this.#at, value);
    this.#at += 8;
  }

  /** Milliseconds since the epoch, with a fraction, as nanoseconds. */
  nanos(ms: number): void {
    new Nanos(ms).set(this.#view, this.#at);
    this.#at += 8;
  }

  bigFixed64(value: bigint): void {
    this.#view.setBigUint64(this.#at, BigInt.asUintN(64, value), true);
    this.#at += 8;
  }

  double(value: number): void {
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  fixed32(value: number): void {
    this.#view.setUint32(this.#at, value, true);
    this.#at += 4;
  }

  /** Where it writes next. */
  get at(): number {
    return this.#at;
  }

  /** What it writes into, for whoever fills in what was written; until it grows or is finished. */
  get view(): DataView {
    return this.#view;
  }

  /** In UTF-8. */
  text(text: string): void {
    this.#at += this.#bytes.write(text, this.#at);
  }

  /** A part of something else. */
  copy(from: Buffer, start: number, end: number): void {
    from.copy(this.#bytes, this.#at, start, end);
    this.#at += end - start;
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }
}

/** A whole number at a place, as `WireWriter.int` has it. */
export function setInt(view: DataView, at: number, value: number): void {
  const low = value | 0;
  view.setInt32(at, low, true);
  // Most are of 32 bits, and a shift takes a fraction of a division.
  view.setInt32(at + 4, low === value ? low >> 31 : Math.floor(value / TWO_32), true);
}

/** Milliseconds as the halves of 64 bits of nanoseconds: of one time for very many points. */
export class Nanos {
  readonly ms: number;
  readonly #low: number;
  readonly #high: number;

  constructor(ms: number) {
    const whole = Math.floor(ms);
    // A millisecond is 10^6 ns, so the lower half of the product stays below 2^53 and the sum is exact.
    const high = Math.floor(whole / TWO_32);
    const low = (whole - high * TWO_32) * 1e6 + Math.round((ms - whole) * 1e6);
    this.ms = ms;
    this.#low = low | 0;
    this.#high = (high * 1e6 + Math.floor(low / TWO_32)) | 0;
  }

  set(view: DataView, at: number): void {
    view.setInt32(at, this.#low, true);
    view.setInt32(at + 4, this.#high, true);
  }
}

export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** The size of a length-delimited field whose number is below 16: tag, length and content. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
export const FIXED32 = 5;

/** The tag of a field whose number is below 16. */
export function tag(field: number, wireType: number): number {
  return (field << 3) | wireType;
}
