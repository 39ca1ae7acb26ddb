import { viewOf } from "../../lib/view-of.ts";
import { ItemBudget } from "./item-budget.ts";
import type { RecentTexts, SlicedBuffer } from "./recent-texts.ts";
import { FIXED32, FIXED64, LENGTH, VARINT } from "./wire-writer.ts";

/** The bytes are not what they should be. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/**
 * Walks over protobuf's wire format without copying. One reader walks a whole message, nested ones too: `end` is how far
 * the present one goes.
 */
export class WireReader {
  readonly bytes: SlicedBuffer;
  /** What is asked for each item that is read. */
  readonly items: ItemBudget;
  readonly view: DataView;
  at = 0;
  readonly #texts: RecentTexts | undefined;

  /** `texts`: what is read more than once is one string then. */
  constructor(bytes: Uint8Array, items = new ItemBudget(), texts?: RecentTexts) {
    this.items = items;
    this.#texts = texts;
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as SlicedBuffer;
    this.view = viewOf(bytes);
  }

  /** Below 2^53 in effect; what is longer loses its lowest bits (sizes, tags and enums never are). */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new WireError("it ends within a number");
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new WireError("a number has more than 10 bytes");
  }

  /** An int64: exact as a `number` where it can be, else as a `bigint`. */
  int64(): number | bigint {
    let value = 0n;
    let shift = 0n;
    let small = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new WireError("it ends within a number");
      if (count < 7) {
        small += (byte & 0x7f) * scale;
        scale *= 0x80;
        if (byte < 0x80) return small;
      } else if (count === 7) {
        value = BigInt(small);
        shift = 49n;
      }
      if (count >= 7) {
        value |= BigInt(byte & 0x7f) << shift;
        shift += 7n;
        if (byte < 0x80) {
          const signed = BigInt.asIntN(64, value);
          const exact = signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER);
          return exact ? Number(signed) : signed;
        }
      }
    }
    throw new WireError("a number has more than 10 bytes");
  }

  fixed64(): bigint {
    this.#need(8);
    const value = this.view.getBigUint64(this.at, true);
    this.at += 8;
    return value;
  }

  /** A signed 64-bit number; beyond 2^53 it is the nearest double. */
  sfixed64(): number {
    this.#need(8);
    const low = this.view.getUint32(this.at, true);
    const high = this.view.getInt32(this.at + 4, true);
    this.at += 8;
    return high * 0x1_0000_0000 + low;
  }

  double(): number {
    this.#need(8);
    const value = this.view.getFloat64(this.at, true);
    this.at += 8;
    return value;
  }

  fixed32(): number {
    this.#need(4);
    const value = this.view.getUint32(this.at, true);
    this.at += 4;
    return value;
  }

  /** Nanoseconds since the epoch as milliseconds with a fraction. */
  nanosAsMs(): number {
    this.#need(8);
    const low = this.view.getUint32(this.at, true);
    const high = this.view.getUint32(this.at + 4, true);
    this.at += 8;
    // 2^32 ns are 4294 ms and 967296 ns, so every product here is exact, and whole milliseconds stay whole.
    const rest = high * 967_296 + low;
    return high * 4294 + Math.floor(rest / 1e6) + (rest % 1e6) / 1e6;
  }

  /** The end of a length-delimited field that begins here; it lies within `end`. */
  lengthEnd(end: number): number {
    const length = this.varint();
    const fieldEnd = this.at + length;
    if (fieldEnd > end) throw new WireError("a field is longer than what it is in");
    return fieldEnd;
  }

  text(end: number): string {
    const from = this.at;
    this.at = end;
    return this.#texts === undefined ? this.bytes.utf8Slice(from, end) : this.#texts.text(this.bytes, from, end);
  }

  /** An id of so many bytes in hexadecimal, or of none: others would be refused by whoever gets them next. */
  id(size: number, end: number): string {
    const from = this.at;
    if (end !== from && end - from !== size) throw new WireError(`an id has ${end - from} bytes, not ${size}`);
    this.at = end;
    return this.bytes.toString("hex", from, end);
  }

  skip(wireType: number, end: number): void {
    switch (wireType) {
      case VARINT:
        this.varint();
        break;
      case FIXED64:
        this.at += 8;
        break;
      case LENGTH:
        this.at = this.lengthEnd(end);
        break;
      case FIXED32:
        this.at += 4;
        break;
      default:
        throw new WireError(`there is no wire type ${wireType}`);
    }
    if (this.at > end) throw new WireError("a field is longer than what it is in");
  }

  #need(size: number): void {
    if (this.at + size > this.bytes.length) throw new WireError("it ends within a number");
  }
}
