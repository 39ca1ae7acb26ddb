import fc from "fast-check";
import { expect, test } from "vitest";
import { pointCount } from "../points.ts";
import { SeriesTable } from "../series-table.ts";
import { readLogs, writeLogs } from "./logs-codec.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { readTraces, writeTraces } from "./spans-codec.ts";
import { placed, pointsIn, record, shape, span } from "./test-kit.ts";
import { WireReader } from "./wire-reader.ts";
import { LENGTH, tag } from "./wire-writer.ts";

/** The fields of these levels last first, as the Collector writes them: a resource behind all that belongs to it. */
function lastFirst(bytes: Uint8Array, levels: number): Uint8Array {
  if (levels === 0) return bytes;
  const reader = new WireReader(bytes);
  const fields: Uint8Array[] = [];
  while (reader.at < bytes.length) {
    const from = reader.at;
    const field = reader.varint();
    const end = reader.lengthEnd(bytes.length);
    const nests = field === tag(1, LENGTH) ? levels === 3 : field === tag(2, LENGTH);
    const content = bytes.subarray(reader.at, end);
    const written = nests ? lastFirst(content, levels - 1) : content;
    fields.push(Buffer.concat([bytes.subarray(from, reader.at), written]));
    reader.at = end;
  }
  return Buffer.concat(fields.reverse());
}

const byText = (items: readonly unknown[]) => items.map((item) => JSON.stringify(item, bigintText)).toSorted();
const bigintText = (_: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

test("points are the same when what they belong to stands behind them, known or not", () => {
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 6 }), (shapes) => {
      const table = new SeriesTable();
      const bytes = new MetricsWriter(table).write({ rows: [], points: pointsIn(table, shapes) });
      const reader = new MetricsReader(table);
      const reordered = [1, 2].map(() => reader.read(lastFirst(bytes, 3)));
      const { points } = reader.read(bytes);
      expect(pointCount(reordered[0]!)).toBe(shapes.length);
      for (const each of reordered) expect(byText(each.points)).toEqual(byText(points));
    }),
  );
});

test("so are spans and log records", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 4 }), fc.array(record, { maxLength: 4 }), (spans, records) => {
      const table = new SeriesTable();
      const traces = writeTraces({ spans: spans.map((each) => placed(table, each)) });
      expect(byText(readTraces(lastFirst(traces, 3), table).spans)).toEqual(byText(readTraces(traces, table).spans));
      const logs = writeLogs({ records: records.map((each) => placed(table, each)) });
      expect(byText(readLogs(lastFirst(logs, 3), table).records)).toEqual(byText(readLogs(logs, table).records));
    }),
  );
});
