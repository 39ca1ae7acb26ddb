import type { Escaping } from "./escaping.ts";
import { labelsOfText, labelText } from "./labels.ts";

/** Garbage is kept until it makes up this part of the bytes: then one copy removes it. */
const GARBAGE_PART_MAX = 0.5;

/** The label texts of a list of samples, encoded one behind the other in one buffer: `bytes` from `start` to `end`. */
export class LabelPack {
  readonly #escaping: Escaping;
  #bytes = Buffer.alloc(0);
  #used = 0;
  #garbage = 0;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];

  constructor(escaping: Escaping) {
    this.#escaping = escaping;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  start(position: number): number {
    return this.#starts[position]!;
  }

  end(position: number): number {
    return this.#ends[position]!;
  }

  add(text: string): void {
    this.#reserve(text.length * 3);
    this.#starts.push(this.#used);
    this.#used += this.#bytes.write(text, this.#used);
    this.#ends.push(this.#used);
  }

  /** Adds what the list has more than this. */
  fill(samples: readonly { readonly labels: string }[]): void {
    for (let position = this.#starts.length; position < samples.length; position++) {
      this.add(labelText(labelsOfText(samples[position]!.labels), this.#escaping));
    }
  }

  /** Forgets the text at a position; the last one is found there from now on. */
  moveLastTo(position: number): void {
    this.#garbage += this.#ends[position]! - this.#starts[position]!;
    const start = this.#starts.pop()!;
    const end = this.#ends.pop()!;
    if (position < this.#starts.length) {
      this.#starts[position] = start;
      this.#ends[position] = end;
    }
    if (this.#garbage > this.#used * GARBAGE_PART_MAX) this.#compact();
  }

  #compact(): void {
    const kept = Buffer.allocUnsafe(this.#used - this.#garbage);
    let used = 0;
    for (let position = 0; position < this.#starts.length; position++) {
      const start = this.#starts[position]!;
      const end = this.#ends[position]!;
      this.#bytes.copy(kept, used, start, end);
      this.#starts[position] = used;
      used += end - start;
      this.#ends[position] = used;
    }
    this.#bytes = kept;
    this.#used = used;
    this.#garbage = 0;
  }

  #reserve(count: number): void {
    const needed = this.#used + count;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, needed, 1024));
    this.#bytes.copy(grown, 0, 0, this.#used);
    this.#bytes = grown;
  }
}
