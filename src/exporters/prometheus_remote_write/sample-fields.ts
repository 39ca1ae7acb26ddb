import { FIXED64, fieldSize, LENGTH, tag, VARINT, varintSize, WireWriter } from "../../model/otlp/wire-writer.ts";
import type { Exemplar } from "../../model/points.ts";
import type { Sample } from "./time-series.ts";

/** The NaN that Prometheus takes for the end of a series: https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers */
const STALE = 0x7ff0000000000002n;

/** How a `Sample` stands in a series, the same in both versions of the protocol: its size with tag and length. */
export function sampleFieldSize(sample: Sample, withStart: boolean): number {
  return fieldSize(sampleSize(sample, withStart));
}

/** Field 2: value, time and, where it is wanted and known, start. There has to be room. */
export function writeSampleField(writer: WireWriter, sample: Sample, withStart: boolean): void {
  const { value, timeMs, startMs } = sample;
  writer.byte(tag(2, LENGTH));
  writer.varint(sampleSize(sample, withStart));
  writer.byte(tag(1, FIXED64));
  if (value === "stale") writer.bigFixed64(STALE);
  else writer.double(value);
  writer.byte(tag(2, VARINT));
  writer.varint(timeMs);
  if (!hasStart(sample, withStart)) return;
  writer.byte(tag(3, VARINT));
  writer.varint(startMs);
}

/** An `Exemplar` with these bytes for its labels. */
export function exemplarBytes({ value, time }: Exemplar, labels: Uint8Array): Uint8Array {
  const timeMs = Math.floor(time);
  const writer = new WireWriter(labels.length + 10 + varintSize(timeMs));
  writer.raw(labels);
  writer.byte(tag(2, FIXED64));
  writer.double(value);
  writer.byte(tag(3, VARINT));
  writer.varint(timeMs);
  return writer.finish();
}

function sampleSize(sample: Sample, withStart: boolean): number {
  const { timeMs, startMs } = sample;
  return 10 + varintSize(timeMs) + (hasStart(sample, withStart) ? 1 + varintSize(startMs) : 0);
}

function hasStart({ startMs }: Sample, withStart: boolean): boolean {
  return withStart && startMs > 0;
}
