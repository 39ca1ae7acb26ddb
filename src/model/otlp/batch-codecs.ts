import type { SeriesTable } from "../series-table.ts";
import type { Batches, Signal } from "../signal.ts";
import { readLogs, writeLogs } from "./logs-codec.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { readTraces, writeTraces } from "./spans-codec.ts";

/** Batches of one signal as OTLP's export request in protobuf, and back. `decode` throws a `WireError`. */
export interface BatchCodec<S extends Signal> {
  encode(batch: Batches[S]): Uint8Array;
  /** What was encoded is not needed any more; its memory is used again. Whoever cannot tell need not call it. */
  recycle?(bytes: Uint8Array): void;
  decode(bytes: Uint8Array): Batches[S];
}

export type BatchCodecs = { readonly [S in Signal]: BatchCodec<S> };

/** The codecs over one table; what they remember of its series is given back by `dispose`. */
export function batchCodecs(table: SeriesTable): BatchCodecs & { dispose(): void } {
  const writer = new MetricsWriter(table);
  const reader = new MetricsReader(table);
  return {
    metrics: {
      encode: (batch) => writer.write(batch),
      recycle: (bytes) => writer.recycle(bytes),
      decode: (bytes) => reader.read(bytes),
    },
    traces: { encode: writeTraces, decode: (bytes) => readTraces(bytes, table) },
    logs: { encode: writeLogs, decode: (bytes) => readLogs(bytes, table) },
    dispose() {
      writer.dispose();
      reader.dispose();
    },
  };
}
