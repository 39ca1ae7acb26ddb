import type { Row } from "../points.ts";
import { lengthField } from "./attributes-codec.ts";
import { NumbersWriter, type PointBlock, type PointTemplate, writeBlock } from "./point-templates.ts";
import type { WireWriter } from "./wire-writer.ts";

const CAPACITY_MIN = 256;
/** Room for so many entries is kept for the next request. */
const CAPACITY_KEPT_MAX = 64 * 1024;
const NONE = -1;

/** A point that was written whole, or a row that will be. */
export type OtherEntry = Uint8Array | { readonly block: PointBlock; readonly row: Row };

/** The entries of one metric: the first and the last of a list. */
export interface EntryList {
  first: number;
  last: number;
}

export const noEntries = (): EntryList => ({ first: NONE, last: NONE });

/** What a request consists of, in the order in which it came; that of one metric is a list in it. */
export class RequestEntries {
  /** Undefined for other entries. */
  readonly #templates: (PointTemplate | undefined)[] = [];
  readonly #others = new Map<number, OtherEntry>();
  #starts = new Float64Array(CAPACITY_MIN);
  #times = new Float64Array(CAPACITY_MIN);
  #values = new Float64Array(CAPACITY_MIN);
  /** The next one of the same metric. */
  #next = new Int32Array(CAPACITY_MIN);
  #count = 0;

  add(list: EntryList, template: PointTemplate, start: number, time: number, value: number): void {
    const index = this.#append(list);
    this.#templates[index] = template;
    this.#starts[index] = start;
    this.#times[index] = time;
    this.#values[index] = value;
  }

  addOther(list: EntryList, other: OtherEntry): void {
    const index = this.#append(list);
    this.#templates[index] = undefined;
    this.#others.set(index, other);
  }

  /** Writes the entries of a metric as fields of it, and empties their list. `isInt`: as `NumbersWriter` has it. */
  write(writer: WireWriter, list: EntryList, isInt: boolean): void {
    const numbers = new NumbersWriter(writer, isInt);
    for (let index = list.first; index !== NONE; ) {
      const template = this.#templates[index];
      if (template !== undefined) {
        index = this.#writeRun(writer, numbers, index, template);
        continue;
      }
      const other = this.#others.get(index)!;
      if ("row" in other) writeBlock(writer, numbers, other.block, other.row);
      else lengthField(writer, 1, other);
      index = this.#next[index]!;
    }
    list.first = list.last = NONE;
  }

  /** For the next request. Templates are held until as many others came. */
  clear(): void {
    this.#others.clear();
    this.#count = 0;
    if (this.#next.length <= CAPACITY_KEPT_MAX) return;
    this.#templates.length = 0;
    this.#resize(CAPACITY_MIN);
  }

  #append(list: EntryList): number {
    if (this.#count === this.#next.length) this.#resize(2 * this.#count);
    const index = this.#count++;
    this.#next[index] = NONE;
    if (list.first === NONE) list.first = index;
    else this.#next[list.last] = index;
    list.last = index;
    return index;
  }

  /** Writes the points from `index` on whose templates lie behind one another, with one copy; gives the next entry. */
  #writeRun(writer: WireWriter, numbers: NumbersWriter, index: number, { memory, from, to }: PointTemplate): number {
    let runTo = to;
    let end = this.#next[index]!;
    while (end !== NONE) {
      const behind = this.#templates[end];
      if (behind === undefined || behind.memory !== memory || behind.from !== runTo) break;
      runTo = behind.to;
      end = this.#next[end]!;
    }
    const begin = writer.at - from;
    writer.copy(memory, from, runTo);
    for (let each = index; each !== end; each = this.#next[each]!) {
      const its = this.#templates[each]!;
      numbers.write(begin + its.from + its.numbersAt, this.#starts[each]!, this.#times[each]!, this.#values[each]!);
    }
    return end;
  }

  #resize(capacity: number): void {
    const kept = this.#count;
    const resized = <T extends Float64Array | Int32Array>(to: T, from: T): T => {
      to.set(from.subarray(0, kept));
      return to;
    };
    this.#starts = resized(new Float64Array(capacity), this.#starts);
    this.#times = resized(new Float64Array(capacity), this.#times);
    this.#values = resized(new Float64Array(capacity), this.#values);
    this.#next = resized(new Int32Array(capacity), this.#next);
  }
}
