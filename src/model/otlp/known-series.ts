import { BytesList } from "../../lib/bytes-list.ts";
import { free } from "../../lib/free.ts";
import { keyedHash } from "../../lib/keyed-hash.ts";
import { EVICTED, type Metric, type Resource, type Scope, type Series } from "../series.ts";

/** What a series is but for its attributes. */
export interface SeriesOwner {
  /** A whole number, another one for each owner. */
  readonly id: number;
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metric: Metric;
}

/** Bytes, and what looks at them. */
export interface Message {
  readonly bytes: Buffer;
  readonly view: DataView;
}

const SLOTS_MIN = 8;
/** Fuller than this, what is looked up stands too far from where it belongs. */
const FULL_PART_MAX = 3 / 4;
const FULL_PART = 1 / 2;

/**
 * The series that a reader knows, found by their owner and the bytes of their attributes as they were sent; the same one
 * can be there by several. It takes the bytes and about 30 more for each: a hash table of positions with open addressing.
 *
 * A series that its table forgot is not found any more. Its place is taken by the one that comes instead of it, or is
 * given back by `purge`.
 */
export class KnownSeries {
  readonly #seed: number;
  readonly #hashOf: typeof keyedHash;
  /** By position, as the series. */
  readonly #keys = new BytesList();
  readonly #series: Series[] = [];
  /** Two numbers each: a hash, and a position and 1, or 0 where the slot is free. */
  #slots = new Uint32Array(2 * SLOTS_MIN);

  /** `seed`: 32 bits, unknown to those who make up attributes, so that they cannot make up many of one hash. */
  constructor(seed: number, hashOf = keyedHash) {
    this.#seed = seed;
    this.#hashOf = hashOf;
  }

  /** Forgotten series included, as long as they are not purged. */
  get size(): number {
    return this.#series.length;
  }

  /** The series of an owner whose attributes are these bytes of a message. */
  find(owner: SeriesOwner, message: Message, from: number, to: number): Series | undefined {
    const hash = this.#hashOf(this.#seed, owner.id, message.view, from, to);
    const position = this.#position(hash, owner, message.view, from, to);
    if (position === undefined) return undefined;
    const series = this.#series[position]!;
    return isEvicted(series) ? undefined : series;
  }

  /** Adds one that was not found. */
  add(owner: SeriesOwner, message: Message, from: number, to: number, series: Series): void {
    const hash = this.#hashOf(this.#seed, owner.id, message.view, from, to);
    const known = this.#position(hash, owner, message.view, from, to);
    if (known !== undefined) {
      this.#series[known] = series;
      return;
    }
    if (this.size >= (this.#slots.length / 2) * FULL_PART_MAX) this.purge();
    const position = this.#keys.add(to - from);
    message.bytes.copy(this.#keys.chunk(position), this.#keys.start(position), from, to);
    this.#series.push(series);
    this.#enter(hash, position);
  }

  /** Gives back the places of series that were forgotten. Takes a look at every one. */
  purge(): void {
    const hashes = this.#hashes();
    for (let position = this.size - 1; position >= 0; position--) {
      if (!isEvicted(this.#series[position]!)) continue;
      const last = this.#series.pop()!;
      hashes[position] = hashes[this.size]!;
      if (position < this.size) this.#series[position] = last;
      this.#keys.moveLastTo(position);
    }
    free(this.#slots);
    this.#slots = new Uint32Array(2 * Math.max(SLOTS_MIN, Math.ceil(this.size / FULL_PART)));
    for (let position = 0; position < this.size; position++) this.#enter(hashes[position]!, position);
  }

  /** By position. */
  #hashes(): Uint32Array {
    const slots = this.#slots;
    const hashes = new Uint32Array(this.size);
    for (let slot = 0; slot < slots.length; slot += 2) {
      if (slots[slot + 1] !== 0) hashes[slots[slot + 1]! - 1] = slots[slot]!;
    }
    return hashes;
  }

  #position(hash: number, owner: SeriesOwner, view: DataView, from: number, to: number): number | undefined {
    const slots = this.#slots;
    for (let slot = this.#home(hash); slots[slot + 1] !== 0; slot = this.#next(slot)) {
      if (slots[slot] !== hash) continue;
      const position = slots[slot + 1]! - 1;
      if (this.#keys.equals(position, view, from, to) && isOf(owner, this.#series[position]!)) return position;
    }
    return undefined;
  }

  #enter(hash: number, position: number): void {
    const slots = this.#slots;
    let slot = this.#home(hash);
    while (slots[slot + 1] !== 0) slot = this.#next(slot);
    slots[slot] = hash;
    slots[slot + 1] = position + 1;
  }

  #home(hash: number): number {
    return 2 * Math.floor((hash * (this.#slots.length / 2)) / 2 ** 32);
  }

  #next(slot: number): number {
    return slot + 2 === this.#slots.length ? 0 : slot + 2;
  }
}

export function isEvicted({ lease }: Series): boolean {
  return lease.touched === EVICTED;
}

/** The parts are interned, so a series tells by itself whose it is. */
function isOf({ resource, scope, metric }: SeriesOwner, series: Series): boolean {
  return series.metric === metric && series.resource === resource && series.scope === scope;
}
