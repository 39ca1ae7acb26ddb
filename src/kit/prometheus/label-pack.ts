import { NumberList } from "../../lib/number-list.ts";
import type { Escaping } from "./escaping.ts";
import { labelsOfText, labelText } from "./labels.ts";

/** Texts are kept in pieces of memory of this size, so that a pack that grows is never copied. */
const CHUNK_BITS = 16;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const OFFSET_MASK = CHUNK_BYTES - 1;
const CHUNKS_MAX = 2 ** (32 - CHUNK_BITS);
/** The first pieces are smaller, for most packs are small: a new one has this part of what there is. */
const CHUNK_PART = 1 / 8;
const CHUNK_BYTES_MIN = 512;
/** Garbage is kept until it makes up this part of the bytes: then one copy removes it. */
const GARBAGE_PART_MAX = 0.25;

/** The label texts of a list of samples, encoded. */
export class LabelPack {
  readonly #escaping: Escaping;
  #chunks: Buffer[] = [];
  /** How much of the last chunk is in use. */
  #filled = 0;
  /** In all chunks, garbage included. */
  #used = 0;
  #garbage = 0;
  /** Where each text begins: its chunk's number in the upper half, its place there in the lower one. */
  readonly #starts = new NumberList(Uint32Array);
  readonly #lengths = new NumberList(Uint32Array);

  constructor(escaping: Escaping) {
    this.#escaping = escaping;
  }

  get size(): number {
    return this.#starts.length;
  }

  /** Of all texts together. */
  get bytes(): number {
    return this.#used - this.#garbage;
  }

  /** The memory that has the text at a position: in it, from `start` on, it takes `length` bytes. */
  chunk(position: number): Buffer {
    return this.#chunks[this.#starts.numbers[position]! >>> CHUNK_BITS]!;
  }

  start(position: number): number {
    return this.#starts.numbers[position]! & OFFSET_MASK;
  }

  length(position: number): number {
    return this.#lengths.numbers[position]!;
  }

  text(position: number): string {
    const start = this.start(position);
    return this.chunk(position).toString("utf8", start, start + this.length(position));
  }

  add(text: string): void {
    const length = Buffer.byteLength(text);
    const start = this.#room(length);
    this.#chunks.at(-1)!.write(text, start & OFFSET_MASK);
    this.#starts.push(start);
    this.#lengths.push(length);
  }

  /** Adds what another pack has more than this one, in this one's escaping. */
  fill(from: LabelPack): void {
    for (let position = this.size; position < from.size; position++) {
      this.add(labelText(labelsOfText(from.text(position)), this.#escaping));
    }
  }

  /** Forgets the text at a position; the last one is found there from now on. */
  moveLastTo(position: number): void {
    this.#garbage += this.length(position);
    this.#starts.moveLastTo(position);
    this.#lengths.moveLastTo(position);
    if (this.#garbage > this.#used * GARBAGE_PART_MAX) this.#compact();
  }

  #compact(): void {
    const before = this.#chunks;
    this.#chunks = [];
    this.#used = 0;
    this.#garbage = 0;
    const starts = this.#starts.numbers;
    for (let position = 0; position < this.size; position++) {
      const from = starts[position]! & OFFSET_MASK;
      const length = this.length(position);
      const start = this.#room(length);
      before[starts[position]! >>> CHUNK_BITS]!.copy(this.#chunks.at(-1)!, start & OFFSET_MASK, from, from + length);
      starts[position] = start;
    }
  }

  /** Where the next text begins, which is in the last chunk then. */
  #room(length: number): number {
    const last = this.#chunks.at(-1);
    if (last === undefined || this.#filled >= CHUNK_BYTES || this.#filled + length > last.length) {
      this.#addChunk(length);
    }
    const start = (this.#chunks.length - 1) * CHUNK_BYTES + this.#filled;
    this.#filled += length;
    this.#used += length;
    return start;
  }

  /** A text that is longer than a chunk has one of its own. */
  #addChunk(length: number): void {
    // Two gigabytes of texts of one name at the least: whoever adds them has a limit for them far below that.
    if (this.#chunks.length === CHUNKS_MAX) throw new RangeError("too many label texts under one name");
    const size = Math.min(CHUNK_BYTES, Math.max(CHUNK_BYTES_MIN, Math.ceil(this.#used * CHUNK_PART)));
    this.#chunks.push(Buffer.allocUnsafeSlow(Math.max(size, length)));
    this.#filled = 0;
  }
}
