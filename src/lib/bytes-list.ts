import { NumberList } from "./number-list.ts";

/** The bytes are kept in pieces of memory of this size, so that a list that grows is never copied. */
const CHUNK_BITS = 16;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const OFFSET_MASK = CHUNK_BYTES - 1;
const CHUNKS_MAX = 2 ** (32 - CHUNK_BITS);
/** The first pieces are smaller, for most lists are small: a new one has this part of what there is. */
const CHUNK_PART = 1 / 8;
const CHUNK_BYTES_MIN = 512;
/** Garbage is kept until it makes up this part of the bytes: then one copy removes it. */
const GARBAGE_PART_MAX = 0.25;

/** A list of byte strings of any length, at eight bytes for each beside its own; none of them is an object. */
export class BytesList {
  #chunks: Chunk[] = [];
  /** How much of the last chunk is in use. */
  #filled = 0;
  /** In all chunks, garbage included. */
  #used = 0;
  #garbage = 0;
  /** Of each where it begins, its chunk's number in the upper half, its place there in the lower one; and its length. */
  readonly #places = new NumberList(Uint32Array);

  get size(): number {
    return this.#places.length / 2;
  }

  /** Of all together. */
  get bytes(): number {
    return this.#used - this.#garbage;
  }

  /** The memory that has the bytes at a position: in it, from `start` on, they take `length` bytes. */
  chunk(position: number): Buffer {
    return this.#chunks[this.#places.numbers[2 * position]! >>> CHUNK_BITS]!.bytes;
  }

  start(position: number): number {
    return this.#places.numbers[2 * position]! & OFFSET_MASK;
  }

  length(position: number): number {
    return this.#places.numbers[2 * position + 1]!;
  }

  /** The bytes at a position are the same as those from one place to another of what is looked at. */
  equals(position: number, view: DataView, from: number, to: number): boolean {
    if (this.length(position) !== to - from) return false;
    const mine = this.#chunks[this.#places.numbers[2 * position]! >>> CHUNK_BITS]!.view;
    const shift = this.start(position) - from;
    let at = from;
    for (; at < to - 3; at += 4) if (mine.getInt32(at + shift) !== view.getInt32(at)) return false;
    for (; at < to; at++) if (mine.getUint8(at + shift) !== view.getUint8(at)) return false;
    return true;
  }

  /** Makes room for another one at the end of the list, which whoever calls writes there. Returns its position. */
  add(length: number): number {
    this.#places.push(this.#room(length));
    this.#places.push(length);
    return this.size - 1;
  }

  /** Forgets what is at a position; the last one is found there from now on. */
  moveLastTo(position: number): void {
    this.#garbage += this.length(position);
    this.#places.moveLastTo(2 * position + 1);
    this.#places.moveLastTo(2 * position);
    if (this.#garbage > this.#used * GARBAGE_PART_MAX) this.#compact();
  }

  #compact(): void {
    const before = this.#chunks;
    this.#chunks = [];
    this.#used = 0;
    this.#garbage = 0;
    const places = this.#places.numbers;
    for (let position = 0; position < this.size; position++) {
      const start = places[2 * position]!;
      const from = start & OFFSET_MASK;
      const length = this.length(position);
      places[2 * position] = this.#room(length);
      before[start >>> CHUNK_BITS]!.bytes.copy(this.chunk(position), this.start(position), from, from + length);
    }
  }

  /** Where the next one begins, which is in the last chunk then. */
  #room(length: number): number {
    const last = this.#chunks.at(-1);
    if (last === undefined || this.#filled >= CHUNK_BYTES || this.#filled + length > last.bytes.length) {
      this.#addChunk(length);
    }
    const start = (this.#chunks.length - 1) * CHUNK_BYTES + this.#filled;
    this.#filled += length;
    this.#used += length;
    return start;
  }

  /** What is longer than a chunk has one of its own. */
  #addChunk(length: number): void {
    // Two gigabytes in one list at the least: whoever adds to it has a limit far below that.
    if (this.#chunks.length === CHUNKS_MAX) throw new RangeError("too many bytes in one list");
    const size = Math.min(CHUNK_BYTES, Math.max(CHUNK_BYTES_MIN, Math.ceil(this.#used * CHUNK_PART)));
    const bytes = Buffer.allocUnsafeSlow(Math.max(size, length));
    this.#chunks.push({ bytes, view: new DataView(bytes.buffer) });
    this.#filled = 0;
  }
}

interface Chunk {
  readonly bytes: Buffer;
  readonly view: DataView;
}
