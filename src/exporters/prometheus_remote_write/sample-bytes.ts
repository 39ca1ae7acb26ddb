import { FIXED64, tag, VARINT, WireWriter } from "../../model/otlp/wire-writer.ts";
import type { Sample } from "./time-series.ts";

/** The NaN that Prometheus takes for the end of a series: https://prometheus.io/docs/specs/prw/remote_write_spec/#stale-markers */
const STALE = 0x7ff0000000000002n;
/** Three numbers with their tags. */
const SAMPLE_BYTES_MAX = 31;

/** A `Sample`: value, time and, where it is wanted and known, start. Both versions of the protocol have it like this. */
export function sampleBytes({ value, timeMs, startMs }: Sample, withStart: boolean): Uint8Array {
  const writer = new WireWriter(SAMPLE_BYTES_MAX);
  writer.byte(tag(1, FIXED64));
  if (value === "stale") writer.bigFixed64(STALE);
  else writer.double(value);
  writer.byte(tag(2, VARINT));
  writer.varint(timeMs);
  if (withStart && startMs > 0) {
    writer.byte(tag(3, VARINT));
    writer.varint(startMs);
  }
  return writer.finish();
}

/** An `Exemplar` behind its labels: value and time. */
export function exemplarEnd(writer: WireWriter, value: number, time: number): void {
  writer.reserve(20);
  writer.byte(tag(2, FIXED64));
  writer.double(value);
  writer.byte(tag(3, VARINT));
  writer.varint(Math.floor(time));
}
