import { free } from "../../lib/free.ts";
import { keyedHash } from "../../lib/keyed-hash.ts";
import { NumberList } from "../../lib/number-list.ts";
import { viewOf } from "../../lib/view-of.ts";
import type { LabelPack } from "./label-pack.ts";

/** A label text as bytes, to be looked up. */
export class LabelKey {
  readonly #seed: number;
  #bytes: Buffer = Buffer.alloc(512);
  #view = viewOf(this.#bytes);
  #length = 0;
  #hash = 0;

  /** `seed`: any whole number, unknown to those who make up labels, so that they cannot make up many of one hash. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get length(): number {
    return this.#length;
  }

  /** Of 32 bits. */
  get hash(): number {
    return this.#hash;
  }

  /** The key of another text from now on. */
  set(text: string): this {
    // A UTF-16 unit takes three bytes of UTF-8 at the most.
    if (text.length * 3 > this.#bytes.length) {
      this.#bytes = Buffer.alloc(text.length * 3);
      this.#view = viewOf(this.#bytes);
    }
    this.#length = this.#bytes.write(text);
    this.#hash = keyedHash(this.#seed, 0, this.#view, 0, this.#length);
    return this;
  }
}

const SLOTS_MIN = 8;
/** Fuller than this, what is looked up stands too far from where it belongs. */
const FULL_PART_MAX = 3 / 4;
const FULL_PART = 0.6;
const FULL_PART_MIN = 0.25;

/**
 * Finds texts in a pack, at about ten bytes for each: a hash table of their positions with open addressing. A text's
 * entry stands at the slot that its hash gives, or where that is taken, at the first free one behind it.
 */
export class LabelIndex {
  readonly #pack: LabelPack;
  /** By position. */
  readonly #hashes = new NumberList(Uint32Array);
  /** Positions and 1; 0 where a slot is free. */
  #slots = new Uint32Array(SLOTS_MIN);

  /** Of a pack without texts. */
  constructor(pack: LabelPack) {
    this.#pack = pack;
  }

  /** The position of a text; undefined where it is not in the pack. */
  find(key: LabelKey): number | undefined {
    const slots = this.#slots;
    const hashes = this.#hashes.numbers;
    for (let slot = this.#home(key.hash); slots[slot] !== 0; slot = this.#next(slot)) {
      const position = slots[slot]! - 1;
      if (hashes[position] === key.hash && this.#holds(position, key)) return position;
    }
    return undefined;
  }

  /** The text of this key was added to the pack, which did not have it. */
  added(key: LabelKey): void {
    this.#hashes.push(key.hash);
    if (this.#hashes.length > this.#slots.length * FULL_PART_MAX) this.#resize();
    else this.#enter(this.#hashes.length - 1);
  }

  /** As the pack's, and along with it. */
  moveLastTo(position: number): void {
    const last = this.#hashes.length - 1;
    this.#leave(this.#slotOf(position));
    if (position !== last) this.#slots[this.#slotOf(last)] = position + 1;
    this.#hashes.moveLastTo(position);
    if (this.#slots.length > SLOTS_MIN && last < this.#slots.length * FULL_PART_MIN) this.#resize();
  }

  #holds(position: number, { bytes, length }: LabelKey): boolean {
    if (this.#pack.length(position) !== length) return false;
    const start = this.#pack.start(position);
    return this.#pack.chunk(position).compare(bytes, 0, length, start, start + length) === 0;
  }

  #enter(position: number): void {
    let slot = this.#home(this.#hashes.numbers[position]!);
    while (this.#slots[slot] !== 0) slot = this.#next(slot);
    this.#slots[slot] = position + 1;
  }

  /** Frees a slot. Entries behind it move up, where it stood between them and where they belong. */
  #leave(slot: number): void {
    const slots = this.#slots;
    let free = slot;
    for (let from = this.#next(slot); slots[from] !== 0; from = this.#next(from)) {
      const home = this.#home(this.#hashes.numbers[slots[from]! - 1]!);
      if (this.#distance(home, from) < this.#distance(free, from)) continue;
      slots[free] = slots[from]!;
      free = from;
    }
    slots[free] = 0;
  }

  #slotOf(position: number): number {
    let slot = this.#home(this.#hashes.numbers[position]!);
    while (this.#slots[slot] !== position + 1) slot = this.#next(slot);
    return slot;
  }

  #resize(): void {
    free(this.#slots);
    this.#slots = new Uint32Array(Math.max(SLOTS_MIN, Math.ceil(this.#hashes.length / FULL_PART)));
    for (let position = 0; position < this.#hashes.length; position++) this.#enter(position);
  }

  #home(hash: number): number {
    return Math.floor((hash * this.#slots.length) / 2 ** 32);
  }

  #next(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }

  #distance(from: number, to: number): number {
    return to >= from ? to - from : to - from + this.#slots.length;
  }
}
