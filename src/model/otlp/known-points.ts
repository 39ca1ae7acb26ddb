import { type Point, Row } from "../points.ts";
import type { Series } from "../series.ts";
import { WireReader } from "./wire-reader.ts";
import { FIXED64, LENGTH, tag } from "./wire-writer.ts";

/**
 * The data of one metric as it came last: its bytes, and where the numbers of its points stand in them.
 *
 * Most senders tell of the same series in the same order each time, and then this is all that differs. So the new numbers
 * are copied over the old ones, and where both are the same now, compared as one piece of memory, every point is one of a
 * known series without a look at any. Where they differ nothing of it is used.
 */
export class KnownPoints {
  readonly series: readonly Series[];
  /** The bytes that it holds on to. */
  readonly size: number;
  readonly #reader: WireReader;
  readonly #numbers: Numbers;
  /** No series is there twice, so that they can be one row. */
  readonly #areDistinct: boolean;

  /** Of data that was just read, with the series of its points. Undefined where something in it is rare. */
  static of(data: Uint8Array, series: readonly Series[]): KnownPoints | undefined {
    const reader = new WireReader(Buffer.from(data));
    const numbers = findNumbers(reader, series.length);
    return numbers && new KnownPoints(reader, numbers, series);
  }

  private constructor(reader: WireReader, numbers: Numbers, series: readonly Series[]) {
    this.series = series;
    this.size = reader.bytes.length + numbers.places.byteLength;
    this.#reader = reader;
    this.#numbers = numbers;
    this.#areDistinct = new Set(series).size === series.length;
  }

  /** A row where all points have one start and one time, else points. Undefined where something else came. */
  read({ bytes, view }: WireReader, from: number, to: number): Row | readonly Point[] | undefined {
    const known = this.#reader;
    if (to - from !== known.bytes.length) return undefined;
    const { places, hasStarts } = this.#numbers;
    let isRow = this.#areDistinct;
    for (let at = 0; at < places.length; at += 3) {
      if (hasStarts) {
        copyNumber(known.view, places[at]!, view, from);
        isRow &&= isSameNumber(known.view, places[at]!, places[0]!);
      }
      copyNumber(known.view, places[at + 1]!, view, from);
      isRow &&= isSameNumber(known.view, places[at + 1]!, places[1]!);
      copyNumber(known.view, places[at + 2]!, view, from);
    }
    if (known.bytes.compare(bytes, from, to) !== 0) return undefined;
    return (isRow ? this.#row() : undefined) ?? this.series.map((series, index) => this.#point(series, 3 * index));
  }

  /** Undefined where a value is NaN, which a row has where there is none. */
  #row(): Row | undefined {
    const { length } = this.series;
    const values = new Array<number>(length);
    for (let index = 0; index < length; index++) {
      const value = this.#value(this.#numbers.places[3 * index + 2]!);
      if (Number.isNaN(value)) return undefined;
      values[index] = value;
    }
    return new Row(this.series, this.#start(0), this.#time(0), values);
  }

  #point(series: Series, at: number): Point {
    return { series, start: this.#start(at), time: this.#time(at), value: this.#value(this.#numbers.places[at + 2]!) };
  }

  #start(at: number): number {
    if (!this.#numbers.hasStarts) return 0;
    this.#reader.at = this.#numbers.places[at]!;
    return this.#reader.nanosAsMs();
  }

  #time(at: number): number {
    this.#reader.at = this.#numbers.places[at + 1]!;
    return this.#reader.nanosAsMs();
  }

  #value(place: number): number {
    this.#reader.at = place;
    return this.#numbers.areInts ? this.#reader.sfixed64() : this.#reader.double();
  }
}

/** Where numbers stand: of each point its start, its time and its value. */
interface Numbers {
  readonly places: Int32Array;
  readonly hasStarts: boolean;
  readonly areInts: boolean;
}

/** Undefined where points are not all alike, or have more than two times, a value and attributes. */
function findNumbers(reader: WireReader, count: number): Numbers | undefined {
  const end = reader.bytes.length;
  const places = new Int32Array(3 * count);
  let found = 0;
  let fields = 0;
  while (reader.at < end) {
    const field = reader.varint();
    if (field !== tag(1, LENGTH)) {
      reader.skip(field & 7, end);
      continue;
    }
    const its = findInPoint(reader, reader.lengthEnd(end), places, 3 * found++);
    if (!PLAIN.has(its) || (fields !== 0 && its !== fields)) return undefined;
    fields = its;
  }
  if (found === 0 || found !== count) return undefined;
  return { places, hasStarts: (fields & START) !== 0, areInts: (fields & INT) !== 0 };
}

const START = 1;
const TIME = 2;
const DOUBLE = 4;
const INT = 8;
const OTHER = 16;
/** What the points have that are told of in rows; a time is what orders them. */
const PLAIN: ReadonlySet<number> = new Set([TIME | DOUBLE, TIME | INT, START | TIME | DOUBLE, START | TIME | INT]);

/** Notes where its numbers stand; gives which there are. */
function findInPoint(reader: WireReader, end: number, places: Int32Array, at: number): number {
  let fields = 0;
  while (reader.at < end) {
    const field = reader.varint();
    switch (field) {
      case tag(2, FIXED64):
        fields |= START;
        places[at] = reader.at;
        break;
      case tag(3, FIXED64):
        fields |= TIME;
        places[at + 1] = reader.at;
        break;
      case tag(4, FIXED64):
        fields |= DOUBLE;
        places[at + 2] = reader.at;
        break;
      case tag(6, FIXED64):
        fields |= INT;
        places[at + 2] = reader.at;
        break;
      case tag(7, LENGTH):
        break;
      default:
        fields |= OTHER;
    }
    reader.skip(field & 7, end);
  }
  return fields;
}

function copyNumber(to: DataView, place: number, from: DataView, offset: number): void {
  to.setInt32(place, from.getInt32(offset + place, true), true);
  to.setInt32(place + 4, from.getInt32(offset + place + 4, true), true);
}

function isSameNumber(view: DataView, place: number, other: number): boolean {
  return (
    view.getInt32(place, true) === view.getInt32(other, true) &&
    view.getInt32(place + 4, true) === view.getInt32(other + 4, true)
  );
}
