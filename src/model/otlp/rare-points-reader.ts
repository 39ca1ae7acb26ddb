import type { AttributeValue } from "../attributes.ts";
import type { Exemplar, ExponentialBuckets, PointValue } from "../points.ts";
import { readKeyValue } from "./attributes-codec.ts";
import type { WireReader } from "./wire-reader.ts";
import { FIXED64, LENGTH, tag, VARINT } from "./wire-writer.ts";

/** What few points have, while it is being read. */
export interface RareFields {
  exemplars?: Exemplar[];
  noRecordedValue?: boolean;
}

/** A point of a rarer type as it is read. */
export interface OtherPoint {
  readonly value: PointValue;
  readonly start: number;
  readonly time: number;
  readonly attributes: AttributePlace;
  readonly attributeField: number;
}

/** Where the fields of attributes stand in a message; with something in between, their bytes are in `parts`. */
export interface AttributePlace {
  from: number;
  /** 0 where there are none. */
  to: number;
  parts?: Buffer[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function readHistogram(reader: WireReader, end: number, rare: RareFields): OtherPoint {
  const value: { count: number; sum?: number; min?: number; max?: number; bounds: number[]; counts: number[] } = {
    count: 0,
    bounds: [],
    counts: [],
  };
  const point: Mutable<OtherPoint> = { value, start: 0, time: 0, attributes: { from: 0, to: 0 }, attributeField: 9 };
  while (reader.at < end) {
    const fieldAt = reader.at;
    const field = reader.varint();
    if (readTimes(reader, field, point) || readRare(reader, field, end, rare, { exemplars: 8, flags: 10 })) continue;
    if (field === tag(4, FIXED64)) value.count = reader.sfixed64();
    else if (field === tag(5, FIXED64)) value.sum = reader.double();
    else if (field === tag(11, FIXED64)) value.min = reader.double();
    else if (field === tag(12, FIXED64)) value.max = reader.double();
    else if (field >> 3 === 6) readNumbers(reader, field, end, value.counts, () => reader.sfixed64());
    else if (field >> 3 === 7) readNumbers(reader, field, end, value.bounds, () => reader.double());
    else {
      reader.skip(field & 7, end);
      if (field === tag(9, LENGTH)) addAttribute(reader, fieldAt, point.attributes);
    }
  }
  return point;
}

export function readExponentialHistogram(reader: WireReader, end: number, rare: RareFields): OtherPoint {
  const value: {
    count: number;
    sum?: number;
    min?: number;
    max?: number;
    scale: number;
    zeroCount: number;
    zeroThreshold: number;
    positive: ExponentialBuckets;
    negative: ExponentialBuckets;
  } = {
    count: 0,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: 0, counts: [] },
    negative: { offset: 0, counts: [] },
  };
  const point: Mutable<OtherPoint> = { value, start: 0, time: 0, attributes: { from: 0, to: 0 }, attributeField: 1 };
  while (reader.at < end) {
    const fieldAt = reader.at;
    const field = reader.varint();
    if (readTimes(reader, field, point) || readRare(reader, field, end, rare, { exemplars: 11, flags: 10 })) continue;
    if (field === tag(4, FIXED64)) value.count = reader.sfixed64();
    else if (field === tag(5, FIXED64)) value.sum = reader.double();
    else if (field === tag(6, VARINT)) value.scale = unzigzag(reader.varint());
    else if (field === tag(7, FIXED64)) value.zeroCount = reader.sfixed64();
    else if (field === tag(8, LENGTH)) value.positive = readBuckets(reader, reader.lengthEnd(end));
    else if (field === tag(9, LENGTH)) value.negative = readBuckets(reader, reader.lengthEnd(end));
    else if (field === tag(12, FIXED64)) value.min = reader.double();
    else if (field === tag(13, FIXED64)) value.max = reader.double();
    else if (field === tag(14, FIXED64)) value.zeroThreshold = reader.double();
    else {
      reader.skip(field & 7, end);
      if (field === tag(1, LENGTH)) addAttribute(reader, fieldAt, point.attributes);
    }
  }
  return point;
}

export function readSummary(reader: WireReader, end: number, rare: RareFields): OtherPoint {
  const value: { count: number; sum: number; quantiles: { quantile: number; value: number }[] } = {
    count: 0,
    sum: 0,
    quantiles: [],
  };
  const point: Mutable<OtherPoint> = { value, start: 0, time: 0, attributes: { from: 0, to: 0 }, attributeField: 7 };
  while (reader.at < end) {
    const fieldAt = reader.at;
    const field = reader.varint();
    if (readTimes(reader, field, point) || readRare(reader, field, end, rare, { exemplars: 0, flags: 8 })) continue;
    if (field === tag(4, FIXED64)) value.count = reader.sfixed64();
    else if (field === tag(5, FIXED64)) value.sum = reader.double();
    else if (field === tag(6, LENGTH)) value.quantiles.push(readQuantile(reader, reader.lengthEnd(end)));
    else {
      reader.skip(field & 7, end);
      if (field === tag(7, LENGTH)) addAttribute(reader, fieldAt, point.attributes);
    }
  }
  return point;
}

export function readExemplar(reader: WireReader, end: number): Exemplar {
  reader.items.take();
  const attributes: Record<string, AttributeValue> = {};
  const exemplar: Mutable<Exemplar> = { time: 0, value: 0, attributes };
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(2, FIXED64)) exemplar.time = reader.nanosAsMs();
    else if (field === tag(3, FIXED64)) exemplar.value = reader.double();
    else if (field === tag(6, FIXED64)) exemplar.value = reader.sfixed64();
    else if (field === tag(4, LENGTH)) exemplar.spanId = reader.id(8, reader.lengthEnd(end));
    else if (field === tag(5, LENGTH)) exemplar.traceId = reader.id(16, reader.lengthEnd(end));
    else if (field === tag(7, LENGTH)) readKeyValue(reader, reader.lengthEnd(end), attributes);
    else reader.skip(field & 7, end);
  }
  return exemplar;
}

/** The field that began at `fieldAt` and ends here is another attribute. */
function addAttribute({ bytes, at }: WireReader, fieldAt: number, place: AttributePlace): void {
  if (place.parts === undefined && (place.to === 0 || place.to === fieldAt)) {
    if (place.to === 0) place.from = fieldAt;
    place.to = at;
    return;
  }
  place.parts ??= [bytes.subarray(place.from, place.to)];
  place.parts.push(bytes.subarray(fieldAt, at));
}

/** The fields that all data points have in common. */
function readTimes(reader: WireReader, field: number, point: Mutable<OtherPoint>): boolean {
  if (field === tag(2, FIXED64)) point.start = reader.nanosAsMs();
  else if (field === tag(3, FIXED64)) point.time = reader.nanosAsMs();
  else return false;
  return true;
}

function readRare(
  reader: WireReader,
  field: number,
  end: number,
  rare: RareFields,
  numbers: { readonly exemplars: number; readonly flags: number },
): boolean {
  if (field === tag(numbers.exemplars, LENGTH) && numbers.exemplars > 0) {
    rare.exemplars ??= [];
    rare.exemplars.push(readExemplar(reader, reader.lengthEnd(end)));
  } else if (field === tag(numbers.flags, VARINT)) {
    if ((reader.varint() & 1) === 1) rare.noRecordedValue = true;
  } else return false;
  return true;
}

/** Repeated numbers of 64 bits, packed or not: a reader has to take both. */
function readNumbers(reader: WireReader, field: number, end: number, into: number[], read: () => number): void {
  if ((field & 7) === FIXED64) {
    into.push(read());
    return;
  }
  if ((field & 7) !== LENGTH) {
    reader.skip(field & 7, end);
    return;
  }
  for (const to = reader.lengthEnd(end); reader.at < to; ) into.push(read());
}

function readBuckets(reader: WireReader, end: number): ExponentialBuckets {
  const counts: number[] = [];
  let offset = 0;
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, VARINT)) offset = unzigzag(reader.varint());
    else if (field === tag(2, VARINT)) counts.push(reader.varint());
    else if (field === tag(2, LENGTH))
      for (const to = reader.lengthEnd(end); reader.at < to; ) counts.push(reader.varint());
    else reader.skip(field & 7, end);
  }
  return { offset, counts };
}

function readQuantile(reader: WireReader, end: number): { quantile: number; value: number } {
  const found = { quantile: 0, value: 0 };
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, FIXED64)) found.quantile = reader.double();
    else if (field === tag(2, FIXED64)) found.value = reader.double();
    else reader.skip(field & 7, end);
  }
  return found;
}

function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
