import type { Exemplar, ExponentialBuckets, ExponentialHistogram, Histogram, Point, Summary } from "../points.ts";
import { isExponentialHistogram, isSummary } from "../points.ts";
import type { MetricType } from "../series.ts";
import { attributesBytes, lengthField } from "./attributes-codec.ts";
import { FIXED64, LENGTH, tag, VARINT, WireWriter } from "./wire-writer.ts";

/** The field of `Metric` that holds the points of each type. */
export const DATA_FIELD: Readonly<Record<MetricType, number>> = {
  gauge: 5,
  sum: 7,
  histogram: 9,
  exponential_histogram: 10,
  summary: 11,
};

/**
 * A data point that is no plain number: of a histogram, a summary, or with flags, exemplars or exact nanoseconds.
 * `attributes` are its attributes as field 7; where its message has them elsewhere they are written again.
 */
export function rarePointBytes(point: Point, attributes: Uint8Array): Uint8Array {
  const writer = new WireWriter(256);
  const { value, extra, series } = point;
  switch (series.metric.type) {
    case "gauge":
    case "sum":
      timesOf(writer, point);
      if (!extra?.noRecordedValue) numberValue(writer, value as number, series.metric.number === "int", 4, 6);
      raw(writer, attributes);
      exemplars(writer, 5, extra?.exemplars);
      flags(writer, 8, extra?.noRecordedValue);
      break;
    case "histogram":
      timesOf(writer, point);
      if (typeof value === "object") histogram(writer, value as Histogram);
      raw(writer, attributesBytes(series.attributes, 9));
      exemplars(writer, 8, extra?.exemplars);
      flags(writer, 10, extra?.noRecordedValue);
      break;
    case "exponential_histogram":
      raw(writer, attributesBytes(series.attributes, 1));
      timesOf(writer, point);
      if (isExponentialHistogram(value)) exponentialHistogram(writer, value);
      exemplars(writer, 11, extra?.exemplars);
      flags(writer, 10, extra?.noRecordedValue);
      break;
    case "summary":
      timesOf(writer, point);
      if (isSummary(value)) summary(writer, value);
      raw(writer, attributes);
      flags(writer, 8, extra?.noRecordedValue);
      break;
    default:
      series.metric.type satisfies never;
  }
  return writer.finish();
}

function timesOf(writer: WireWriter, { start, time, extra }: Point): void {
  writer.reserve(18);
  writer.byte(tag(2, FIXED64));
  if (extra?.startNanos === undefined) writer.nanos(start);
  else writer.bigFixed64(extra.startNanos);
  writer.byte(tag(3, FIXED64));
  if (extra?.timeNanos === undefined) writer.nanos(time);
  else writer.bigFixed64(extra.timeNanos);
}

function numberValue(writer: WireWriter, value: number, isInt: boolean, doubleField: number, intField: number): void {
  writer.reserve(9);
  if (isInt && Number.isInteger(value)) {
    writer.byte(tag(intField, FIXED64));
    writer.int(value);
  } else {
    writer.byte(tag(doubleField, FIXED64));
    writer.double(value);
  }
}

function histogram(writer: WireWriter, { count, sum, min, max, bounds, counts }: Histogram): void {
  writer.reserve(9 * 4 + 8 * (bounds.length + counts.length) + 24);
  fixedField(writer, 4, count);
  doubleField(writer, 5, sum);
  packed(writer, 6, counts, (each) => writer.int(each));
  packed(writer, 7, bounds, (each) => writer.double(each));
  doubleField(writer, 11, min);
  doubleField(writer, 12, max);
}

function exponentialHistogram(writer: WireWriter, value: ExponentialHistogram): void {
  writer.reserve(80);
  fixedField(writer, 4, value.count);
  doubleField(writer, 5, value.sum);
  writer.byte(tag(6, VARINT));
  writer.varint(zigzag(value.scale));
  fixedField(writer, 7, value.zeroCount);
  lengthField(writer, 8, buckets(value.positive));
  lengthField(writer, 9, buckets(value.negative));
  writer.reserve(27);
  doubleField(writer, 12, value.min);
  doubleField(writer, 13, value.max);
  doubleField(writer, 14, value.zeroThreshold);
}

function buckets({ offset, counts }: ExponentialBuckets): Uint8Array {
  const inner = new WireWriter(counts.length * 2);
  for (const count of counts) {
    inner.reserve(10);
    inner.varint(count);
  }
  const writer = new WireWriter(32);
  writer.reserve(11);
  writer.byte(tag(1, VARINT));
  writer.varint(zigzag(offset));
  lengthField(writer, 2, inner.finish());
  return writer.finish();
}

function summary(writer: WireWriter, { count, sum, quantiles }: Summary): void {
  writer.reserve(18);
  fixedField(writer, 4, count);
  doubleField(writer, 5, sum);
  for (const { quantile, value } of quantiles) {
    const inner = new WireWriter(18);
    doubleField(inner, 1, quantile);
    doubleField(inner, 2, value);
    lengthField(writer, 6, inner.finish());
  }
}

function exemplars(writer: WireWriter, field: number, list: readonly Exemplar[] = []): void {
  for (const exemplar of list) lengthField(writer, field, exemplarBytes(exemplar));
}

function exemplarBytes({ time, value, traceId, spanId, attributes }: Exemplar): Uint8Array {
  const writer = new WireWriter(64);
  writer.reserve(18);
  writer.byte(tag(2, FIXED64));
  writer.nanos(time);
  writer.byte(tag(3, FIXED64));
  writer.double(value);
  if (spanId !== undefined) lengthField(writer, 4, Buffer.from(spanId, "hex"));
  if (traceId !== undefined) lengthField(writer, 5, Buffer.from(traceId, "hex"));
  raw(writer, attributesBytes(attributes, 7));
  return writer.finish();
}

function flags(writer: WireWriter, field: number, noRecordedValue: boolean | undefined): void {
  if (!noRecordedValue) return;
  writer.reserve(2);
  writer.byte(tag(field, VARINT));
  writer.byte(1);
}

function raw(writer: WireWriter, bytes: Uint8Array): void {
  writer.reserve(bytes.length);
  writer.raw(bytes);
}

function fixedField(writer: WireWriter, field: number, value: number): void {
  writer.byte(tag(field, FIXED64));
  writer.int(value);
}

function doubleField(writer: WireWriter, field: number, value: number | undefined): void {
  if (value === undefined) return;
  writer.byte(tag(field, FIXED64));
  writer.double(value);
}

function packed(writer: WireWriter, field: number, values: readonly number[], write: (value: number) => void): void {
  writer.byte(tag(field, LENGTH));
  writer.varint(values.length * 8);
  for (const value of values) write(value);
}

function zigzag(value: number): number {
  return value >= 0 ? value * 2 : value * -2 - 1;
}
