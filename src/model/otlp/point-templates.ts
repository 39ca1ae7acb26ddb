import { free } from "../../lib/free.ts";
import type { Row } from "../points.ts";
import type { Series } from "../series.ts";
import { attributesSize, writeAttributes } from "./attributes-codec.ts";
import { FIXED64, fieldSize, LENGTH, tag, WireWriter } from "./wire-writer.ts";

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

/** A point as a field of its metric, with others of its metric: tag, length, three numbers to be filled in, attributes. */
export interface PointTemplate {
  readonly memory: Buffer;
  readonly from: number;
  readonly to: number;
  /** Where its numbers begin, behind `from`. */
  readonly numbersAt: number;
}

/** The templates of one metric of one scope of one resource: one behind the other, in the order in which they are made. */
export class PointTemplates {
  #memory = Buffer.alloc(0);
  #used = 0;

  add(series: Series): PointTemplate {
    const writer = new WireWriter(0);
    const numbersAt = writeTemplate(writer, series);
    const template = writer.finish();
    if (this.#used + template.length > this.#memory.length) {
      const size = Math.min(Math.max(2 * this.#memory.length, MEMORY_MIN), MEMORY_MAX);
      this.#memory = Buffer.allocUnsafeSlow(Math.max(size, template.length));
      this.#used = 0;
    }
    const from = this.#used;
    this.#memory.set(template, from);
    this.#used += template.length;
    return { memory: this.#memory, from, to: this.#used, numbersAt };
  }
}

/** The attributes of a point, as fields of it. */
export function attributesOf({ memory, from, to, numbersAt }: PointTemplate): Uint8Array {
  return memory.subarray(from + numbersAt + NUMBERS_BYTES, to);
}

/** The points of a list of series that comes in rows, one behind the other. */
export interface PointBlock {
  readonly bytes: Uint8Array;
  /** Where the numbers of each begin. */
  readonly numbersAt: Uint32Array;
}

export function pointBlock(series: readonly Series[]): PointBlock {
  const writer = new WireWriter(series.length * TEMPLATE_BYTES_USUAL);
  const numbersAt = Uint32Array.from(series, (each) => writeTemplate(writer, each));
  const written = writer.finish();
  const bytes = Uint8Array.from(written);
  free(written);
  return { bytes, numbersAt };
}

/** The points of a row. */
export function writeBlock(
  writer: WireWriter,
  numbers: NumbersWriter,
  { bytes, numbersAt }: PointBlock,
  { start, time, values }: Row,
): void {
  const from = writer.at;
  writer.raw(bytes);
  for (let index = 0; index < values.length; index++) {
    numbers.write(from + numbersAt[index]!, start, time, values[index]!);
  }
}

/**
 * Fills in the numbers that begin at a place; their time and start are copied from the point before, if that has the same.
 * `isInt`: whether whole numbers are written as such.
 */
export class NumbersWriter {
  readonly #writer: WireWriter;
  readonly #isInt: boolean;
  #start = Number.NaN;
  #startAt = 0;
  #time = Number.NaN;
  #timeAt = 0;

  constructor(writer: WireWriter, isInt: boolean) {
    this.#writer = writer;
    this.#isInt = isInt;
  }

  write(at: number, start: number, time: number, value: number): void {
    const writer = this.#writer;
    if (start === this.#start) writer.copyAt(at + START_AT, this.#startAt);
    else writer.nanosAt(at + START_AT, start);
    this.#start = start;
    this.#startAt = at + START_AT;
    if (time === this.#time) writer.copyAt(at + TIME_AT, this.#timeAt);
    else writer.nanosAt(at + TIME_AT, time);
    this.#time = time;
    this.#timeAt = at + TIME_AT;
    writeValue(writer, at, this.#isInt, value);
  }
}

function writeValue(writer: WireWriter, at: number, isInt: boolean, value: number): void {
  if (isInt && Number.isInteger(value)) {
    writer.byteAt(at + VALUE_TAG_AT, INT_TAG);
    writer.intAt(at + VALUE_TAG_AT + 1, value);
  } else {
    writer.byteAt(at + VALUE_TAG_AT, DOUBLE_TAG);
    writer.doubleAt(at + VALUE_TAG_AT + 1, value);
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
