import { lengthField } from "./attributes-codec.ts";
import {
  type BlockRow,
  NumbersWriter,
  type PointTemplate,
  type TemplateMemory,
  writeBlock,
} from "./point-templates.ts";
import type { WireWriter } from "./wire-writer.ts";

const CAPACITY_MIN = 256;
/** Room for so many entries is kept for the next request. */
const CAPACITY_KEPT_MAX = 64 * 1024;
const NONE = -1;

/** A point that was written whole, or a row that will be. */
export type OtherEntry = Uint8Array | BlockRow;

/** The entries of one metric: the first and the last of a list. */
export interface EntryList {
  first: number;
  last: number;
  /** Whether whole numbers are written as such. */
  readonly isInt: boolean;
}

export const noEntries = (isInt: boolean): EntryList => ({ first: NONE, last: NONE, isInt });

/** What a request consists of, in the order in which it came; that of one metric is a list in it. */
export class RequestEntries {
  readonly #numbers = new NumbersWriter();
  /** Where points lie behind one another, from there to there; or something else. */
  readonly #contents: (TemplateMemory | OtherEntry)[] = [];
  /** `NONE` for something else. */
  #from = new Int32Array(CAPACITY_MIN);
  #to = new Int32Array(CAPACITY_MIN);
  /** The next one of the same metric. */
  #next = new Int32Array(CAPACITY_MIN);
  #count = 0;

  /** Fills in a template, which nobody else may do until all is written. */
  add(
    list: EntryList,
    { memory, from, to, numbersAt }: PointTemplate,
    start: number,
    time: number,
    value: number,
  ): void {
    this.#numbers.write(memory.view, numbersAt, list.isInt, start, time, value);
    const { last } = list;
    if (last !== NONE && this.#to[last] === from && this.#contents[last] === memory) this.#to[last] = to;
    else this.#append(list, memory, from, to);
  }

  addOther(list: EntryList, other: OtherEntry): void {
    this.#append(list, other, NONE, NONE);
  }

  /** Writes the entries of a metric as fields of it, and empties their list. */
  write(writer: WireWriter, list: EntryList): void {
    for (let index = list.first; index !== NONE; index = this.#next[index]!) {
      const content = this.#contents[index]!;
      if ("view" in content) writer.copy(content.bytes, this.#from[index]!, this.#to[index]!);
      else if ("row" in content) writeBlock(writer, this.#numbers, list.isInt, content);
      else lengthField(writer, 1, content);
    }
    list.first = list.last = NONE;
  }

  /** For the next request. What was in it is held until as much else came. */
  clear(): void {
    this.#count = 0;
    if (this.#next.length <= CAPACITY_KEPT_MAX) return;
    this.#contents.length = 0;
    this.#resize(CAPACITY_MIN);
  }

  #append(list: EntryList, content: TemplateMemory | OtherEntry, from: number, to: number): void {
    if (this.#count === this.#next.length) this.#resize(2 * this.#count);
    const index = this.#count++;
    this.#contents[index] = content;
    this.#from[index] = from;
    this.#to[index] = to;
    this.#next[index] = NONE;
    if (list.first === NONE) list.first = index;
    else this.#next[list.last] = index;
    list.last = index;
  }

  #resize(capacity: number): void {
    const kept = this.#count;
    const resized = (from: Int32Array) => {
      const to = new Int32Array(capacity);
      to.set(from.subarray(0, kept));
      return to;
    };
    this.#from = resized(this.#from);
    this.#to = resized(this.#to);
    this.#next = resized(this.#next);
  }
}
