import { viewOf } from "../../lib/view-of.ts";

/**
 * A text that is looked for at one place of a JSON body, eight bytes at a time: several times as fast as byte by byte.
 *
 * The eight bytes are compared as the double that they would be, for JavaScript has no faster word of that size. Two
 * doubles are equal exactly when their bytes are, but for zeros (NUL bytes, which no JSON has) and for what is not a
 * number (bytes that no UTF-8 has): a literal with those is never found.
 */
export class Literal {
  readonly length: number;
  /** The last one ends where the text does, and overlaps the one before. */
  readonly #words: readonly number[];
  readonly #lastWordAt: number;

  /** `bytes` are at least eight. */
  constructor(bytes: Uint8Array) {
    const view = viewOf(bytes);
    const words: number[] = [];
    this.length = bytes.length;
    this.#lastWordAt = bytes.length - WORD_BYTES;
    for (let at = 0; at < this.#lastWordAt; at += WORD_BYTES) words.push(view.getFloat64(at, true));
    words.push(view.getFloat64(this.#lastWordAt, true));
    this.#words = words.slice(); // Grown bit by bit, a list lies apart from what it holds.
  }

  isAt(view: DataView, at: number): boolean {
    if (at + this.length > view.byteLength) return false;
    const words = this.#words;
    const last = words.length - 1;
    for (let index = 0, wordAt = at; index < last; index++, wordAt += WORD_BYTES) {
      if (view.getFloat64(wordAt, true) !== words[index]) return false;
    }
    return view.getFloat64(at + this.#lastWordAt, true) === words[last];
  }
}

/** Those of a double. */
const WORD_BYTES = 8;

export function literal(text: string): Literal {
  return new Literal(new TextEncoder().encode(text));
}
