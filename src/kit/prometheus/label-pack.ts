import { BytesList } from "../../lib/bytes-list.ts";
import type { Escaping } from "./escaping.ts";
import { labelsOfText, labelText } from "./labels.ts";

/** The label texts of a list of samples, encoded. */
export class LabelPack {
  readonly #escaping: Escaping;
  readonly #texts = new BytesList();

  constructor(escaping: Escaping) {
    this.#escaping = escaping;
  }

  get size(): number {
    return this.#texts.size;
  }

  /** Of all texts together. */
  get bytes(): number {
    return this.#texts.bytes;
  }

  /** The memory that has the text at a position: in it, from `start` on, it takes `length` bytes. */
  chunk(position: number): Buffer {
    return this.#texts.chunk(position);
  }

  start(position: number): number {
    return this.#texts.start(position);
  }

  length(position: number): number {
    return this.#texts.length(position);
  }

  text(position: number): string {
    const start = this.start(position);
    return this.chunk(position).toString("utf8", start, start + this.length(position));
  }

  add(text: string): void {
    const position = this.#texts.add(Buffer.byteLength(text));
    this.chunk(position).write(text, this.start(position));
  }

  /** Adds what another pack has more than this one, in this one's escaping. */
  fill(from: LabelPack): void {
    for (let position = this.size; position < from.size; position++) {
      this.add(labelText(labelsOfText(from.text(position)), this.#escaping));
    }
  }

  /** Forgets the text at a position; the last one is found there from now on. */
  moveLastTo(position: number): void {
    this.#texts.moveLastTo(position);
  }
}
