import fc from "fast-check";
import { expect, test } from "vitest";
import type { LogRecord } from "../log-records.ts";
import { SeriesTable } from "../series-table.ts";
import type { Span } from "../spans.ts";
import { readLogs, writeLogs } from "./logs-codec.ts";
import { readTraces, writeTraces } from "./spans-codec.ts";
import { placed, record, span } from "./test-kit.ts";
import { WireError } from "./wire-reader.ts";

/** Written together by resource and scope, and in their order there. */
function byPlace<T extends Pick<Span, "resource" | "scope">>(items: readonly T[]): T[] {
  const key = ({ resource, scope }: T) => `${resource.attributes["node"]}/${scope.name}`;
  return [...items].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

test("spans are read again as they were written", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 6 }), (shapes) => {
      const table = new SeriesTable();
      const spans = shapes.map((shape) => placed<Span>(table, shape));
      const bytes = writeTraces({ spans });
      const read = readTraces(bytes, table);
      bytes.fill(255); // Nothing that was read may look at them any more.
      expect(byPlace(read.spans)).toEqual(byPlace(spans));
    }),
  );
});

test("log records are read again as they were written", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), (shapes) => {
      const table = new SeriesTable();
      const records = shapes.map((shape) => placed<LogRecord>(table, shape));
      const bytes = writeLogs({ records });
      const read = readLogs(bytes, table);
      bytes.fill(255);
      expect(byPlace(read.records)).toEqual(byPlace(records));
    }),
  );
});

test("damaged bytes are an error of their own kind, or other data", () => {
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255), (shapes, at, byte) => {
      const table = new SeriesTable();
      const bytes = Uint8Array.from(writeTraces({ spans: shapes.map((shape) => placed<Span>(table, shape)) }));
      bytes[at % bytes.length] = byte;
      for (const read of [readTraces, readLogs]) {
        try {
          read(bytes, table);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(WireError);
        }
      }
    }),
    { numRuns: 500 },
  );
});
