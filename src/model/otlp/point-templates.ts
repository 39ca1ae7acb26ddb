import { free } from "../../lib/free.ts";
import { viewOf } from "../../lib/view-of.ts";
import type { Row } from "../points.ts";
import type { Series } from "../series.ts";
import { attributesSize, writeAttributes } from "./attributes-codec.ts";
import { FIXED64, fieldSize, LENGTH, Nanos, setInt, tag, WireWriter } from "./wire-writer.ts";

/** What a point of a sum or gauge consists of before its attributes: start, time and value, each behind its tag. */
const NUMBERS_BYTES = 27;
const START_TAG = tag(2, FIXED64);
const TIME_TAG = tag(3, FIXED64);
const DOUBLE_TAG = tag(4, FIXED64);
const INT_TAG = tag(6, FIXED64);
/** Where they stand there, the last one with its tag, which tells its kind. */
const START_AT = 1;
const TIME_AT = 10;
const VALUE_TAG_AT = 18;
const TEMPLATE_BYTES_USUAL = 128;
/** Templates of one metric share memory: a little at first, for most metrics have few series. */
const MEMORY_MIN = 1024;
const MEMORY_MAX = 16 * 1024;
const COPIES_MEMORY_MAX = 1024 * 1024;

export interface TemplateMemory {
  readonly bytes: Buffer;
  readonly view: DataView;
}

/** A point as a field of its metric, with others of its metric: tag, length, three numbers to be filled in, attributes. */
export interface PointTemplate {
  readonly memory: TemplateMemory;
  readonly from: number;
  readonly to: number;
  /** Where its numbers begin. */
  readonly numbersAt: number;
}

/** The templates of one metric of one scope of one resource: one behind the other, in the order in which they are made. */
export class PointTemplates {
  readonly #memory = new GrowingMemory(MEMORY_MAX);

  add(series: Series): PointTemplate {
    const writer = new WireWriter(0);
    const numbersAt = writeTemplate(writer, series);
    return this.#memory.place(writer.finish(), numbersAt);
  }
}

/** Templates of points of series that came before in the same request, and whose template has other numbers in it. */
export class TemplateCopies {
  readonly #memory = new GrowingMemory(COPIES_MEMORY_MAX);

  copy({ memory, from, to, numbersAt }: PointTemplate): PointTemplate {
    return this.#memory.place(memory.bytes.subarray(from, to), numbersAt - from);
  }

  /** For the next request. */
  clear(): void {
    this.#memory.clear();
  }
}

/** Memory in pieces, each of twice the size of the one before. */
class GrowingMemory {
  readonly #bytesMax: number;
  #memory: TemplateMemory | undefined;
  #used = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  place(template: Uint8Array, numbersAt: number): PointTemplate {
    const memory = this.#memoryFor(template.length);
    const from = this.#used;
    this.#used += template.length;
    memory.bytes.set(template, from);
    return { memory, from, to: this.#used, numbersAt: from + numbersAt };
  }

  /** Its last piece is written again. */
  clear(): void {
    this.#used = 0;
  }

  #memoryFor(size: number): TemplateMemory {
    const before = this.#memory?.bytes.length ?? 0;
    if (this.#memory !== undefined && this.#used + size <= before) return this.#memory;
    const usual = Math.min(Math.max(2 * before, MEMORY_MIN), this.#bytesMax);
    this.#memory = templateMemory(Math.max(usual, size));
    this.#used = 0;
    return this.#memory;
  }
}

function templateMemory(size: number): TemplateMemory {
  const bytes = Buffer.allocUnsafeSlow(size);
  return { bytes, view: viewOf(bytes) };
}

/** Of a point without a template. */
export const NO_MEMORY = templateMemory(0);

/** The attributes of a point, as fields of it. */
export function attributesOf({ memory, to, numbersAt }: PointTemplate): Uint8Array {
  return memory.bytes.subarray(numbersAt + NUMBERS_BYTES, to);
}

/** The points of a list of series that comes in rows, one behind the other. */
export interface PointBlock {
  readonly bytes: Uint8Array;
  /** Where the numbers of each begin. */
  readonly numbersAt: Uint32Array;
}

/** A row of the series of a block. */
export interface BlockRow {
  readonly block: PointBlock;
  readonly row: Row;
}

export function pointBlock(series: readonly Series[]): PointBlock {
  const writer = new WireWriter(series.length * TEMPLATE_BYTES_USUAL);
  const numbersAt = Uint32Array.from(series, (each) => writeTemplate(writer, each));
  const written = writer.finish();
  const bytes = Uint8Array.from(written);
  free(written);
  return { bytes, numbersAt };
}

/** The points of a row. `isInt`: as `NumbersWriter` has it. */
export function writeBlock(writer: WireWriter, numbers: NumbersWriter, isInt: boolean, { block, row }: BlockRow): void {
  const { bytes, numbersAt } = block;
  const { start, time, values } = row;
  const from = writer.at;
  writer.raw(bytes);
  for (let index = 0; index < values.length; index++) {
    numbers.write(writer.view, from + numbersAt[index]!, isInt, start, time, values[index]!);
  }
}

/** Fills in the numbers of points. Most have the start and the time of the point before. */
export class NumbersWriter {
  #start = new Nanos(0);
  #time = new Nanos(0);

  /** `at`: where they begin in `view`. `isInt`: whether whole numbers are written as such. */
  write(view: DataView, at: number, isInt: boolean, start: number, time: number, value: number): void {
    if (start !== this.#start.ms) this.#start = new Nanos(start);
    this.#start.set(view, at + START_AT);
    if (time !== this.#time.ms) this.#time = new Nanos(time);
    this.#time.set(view, at + TIME_AT);
    if (isInt && Number.isInteger(value)) {
      view.setUint8(at + VALUE_TAG_AT, INT_TAG);
      setInt(view, at + VALUE_TAG_AT + 1, value);
    } else {
      view.setUint8(at + VALUE_TAG_AT, DOUBLE_TAG);
      view.setFloat64(at + VALUE_TAG_AT + 1, value, true);
    }
  }
}

/** Tells where the numbers begin. */
function writeTemplate(writer: WireWriter, { attributes }: Series): number {
  const length = NUMBERS_BYTES + attributesSize(attributes);
  writer.reserve(fieldSize(length));
  writer.byte(tag(1, LENGTH));
  writer.varint(length);
  const numbersAt = writer.at;
  for (const field of [START_TAG, TIME_TAG, DOUBLE_TAG]) {
    writer.byte(field);
    writer.double(0);
  }
  writeAttributes(writer, attributes, 7);
  return numbersAt;
}
