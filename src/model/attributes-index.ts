import { free } from "../lib/free.ts";
import { type Attributes, type AttributeValue, attributesKey } from "./attributes.ts";

interface WithAttributes {
  readonly attributes: Attributes;
}

const SLOTS_MIN = 4;
/** Fuller than this, what is looked up stands too far from where it belongs. */
const FULL_PART_MAX = 3 / 4;
const FULL_PART = 0.6;

/**
 * Finds objects by their attributes, without a text for each: a hash table with open addressing. An object stands at the
 * slot that the hash of its attributes gives, or where that is taken, at the first free one behind it.
 */
export class AttributesIndex<T extends WithAttributes> {
  readonly #seed: number;
  #slots = emptySlots<T>(SLOTS_MIN);
  /** By slot. */
  #hashes = new Uint32Array(SLOTS_MIN);
  #size = 0;

  /** `seed`: any whole number, unknown to those who make up attributes, so that they cannot make up many of one hash. */
  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  get(attributes: Attributes): T | undefined {
    return this.#slots[this.#slotOf(attributes, hashOf(attributes, this.#seed))];
  }

  /** Puts an object in, in the place of one with the same attributes, which is given back. */
  set(object: T): T | undefined {
    const hash = hashOf(object.attributes, this.#seed);
    const slot = this.#slotOf(object.attributes, hash);
    const before = this.#slots[slot];
    this.#slots[slot] = object;
    this.#hashes[slot] = hash;
    if (before === undefined && ++this.#size > this.#slots.length * FULL_PART_MAX) this.#resize();
    return before;
  }

  /** Takes out all that `isGone` says yes to. */
  deleteWhere(isGone: (object: T) => boolean): void {
    const before = this.#size;
    const { length } = this.#slots;
    for (let slot = 0; slot < length; slot++) {
      const object = this.#slots[slot];
      if (object === undefined || !isGone(object)) continue;
      this.#slots[slot] = undefined;
      this.#size--;
    }
    // Behind what was taken out, others stand where they would no longer be found.
    if (this.#size < before) this.#resize();
  }

  #resize(): void {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const length = Math.max(SLOTS_MIN, Math.ceil(this.#size / FULL_PART));
    this.#slots = emptySlots(length);
    this.#hashes = new Uint32Array(length);
    for (let slot = 0; slot < slots.length; slot++) {
      const object = slots[slot];
      if (object === undefined) continue;
      let home = this.#home(hashes[slot]!);
      while (this.#slots[home] !== undefined) home = this.#next(home);
      this.#slots[home] = object;
      this.#hashes[home] = hashes[slot]!;
    }
    free(hashes);
  }

  /** Where these attributes stand, or the free slot where they would. */
  #slotOf(attributes: Attributes, hash: number): number {
    let slot = this.#home(hash);
    for (let found = this.#slots[slot]; found !== undefined; found = this.#slots[slot]) {
      if (this.#hashes[slot] === hash && areSame(found.attributes, attributes)) break;
      slot = this.#next(slot);
    }
    return slot;
  }

  #home(hash: number): number {
    return Math.floor((hash * this.#slots.length) / 2 ** 32);
  }

  #next(slot: number): number {
    return slot + 1 === this.#slots.length ? 0 : slot + 1;
  }
}

function emptySlots<T>(length: number): (T | undefined)[] {
  return new Array<T | undefined>(length).fill(undefined);
}

/** Whether two sets of attributes have the same key. */
export function areSame(left: Attributes, right: Attributes): boolean {
  if (left === right) return true;
  let count = 0;
  for (const key in left) {
    count++;
    if (!Object.hasOwn(right, key) || !isSameValue(left[key]!, right[key]!)) return false;
  }
  for (const _ in right) count--;
  return count === 0;
}

function isSameValue(left: AttributeValue, right: AttributeValue): boolean {
  if (Object.is(left, right)) return true;
  if (typeof left !== "object" || typeof right !== "object") return false;
  return attributesKey({ value: left }) === attributesKey({ value: right });
}

/** Of 32 bits, the same in whatever order the attributes stand: the sum of those of their values, each with its key. */
function hashOf(attributes: Attributes, seed: number): number {
  let sum = 0;
  for (const key in attributes) {
    const value = attributes[key]!;
    const text = typeof value === "string" ? value : attributesKey({ value });
    sum = (sum + mixed(hashOfText(text, hashOfText(key, seed)))) | 0;
  }
  return mixed(sum) >>> 0;
}

/** FNV-1a, over UTF-16. */
function hashOfText(text: string, from: number): number {
  let hash = from ^ 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash;
}

/** So that every bit depends on all of them. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
