/** Longer texts are seldom told twice. */
const BYTES_MAX = 64;
/** Each has one place, which the next one of the same hash takes from it. */
const PLACES = 512;

/** Node's own way from bytes to text, without `toString`'s look at the encoding's name. */
export interface SlicedBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
}

/**
 * Short texts that came lately, found by their bytes: names of services and directions are the same few in thousands of
 * series, and so are one string in all of them. Quicker than to decode them, too.
 */
export class RecentTexts {
  /** The bytes of each as characters; where all are ASCII that is the text itself. */
  readonly #keys: string[] = [];
  readonly #texts: string[] = [];

  text(bytes: SlicedBuffer, from: number, to: number): string {
    const length = to - from;
    if (length > BYTES_MAX) return bytes.utf8Slice(from, to);
    if (this.#keys.length === 0) for (let place = 0; place < PLACES; place++) this.#put(place, "", "");
    let hash = length;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    const place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    if (isSame(this.#keys[place]!, bytes, from, length)) return this.#texts[place]!;
    const text = bytes.utf8Slice(from, to);
    this.#put(place, text.length === length ? text : bytes.latin1Slice(from, to), text);
    return text;
  }

  #put(place: number, key: string, text: string): void {
    this.#keys[place] = key;
    this.#texts[place] = text;
  }
}

/** A text of as many characters as bytes is ASCII, or has signs for damaged bytes, which no byte equals. */
function isSame(key: string, bytes: Uint8Array, from: number, length: number): boolean {
  if (key.length !== length) return false;
  for (let index = 0; index < length; index++) if (key.charCodeAt(index) !== bytes[from + index]) return false;
  return true;
}
