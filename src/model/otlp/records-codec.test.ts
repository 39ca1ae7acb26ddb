import fc from "fast-check";
import { expect, test } from "vitest";
import type { Attributes } from "../attributes.ts";
import type { LogRecord } from "../log-records.ts";
import { SeriesTable } from "../series-table.ts";
import type { Span } from "../spans.ts";
import { readLogs, writeLogs } from "./logs-codec.ts";
import { readTraces, writeTraces } from "./spans-codec.ts";
import { WireError } from "./wire-reader.ts";

const text = fc.string({ unit: "grapheme", maxLength: 8 });
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.maxSafeInteger()), {
  maxKeys: 3,
  noNullPrototype: true,
});
const traceId = fc.constantFrom("0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736");
const spanId = fc.constantFrom("b7ad6b7169203331", "00f067aa0ba902b7");
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const count = fc.integer({ min: 1, max: 100 });
const place = { resource: fc.constantFrom<Attributes>({ node: "a" }, { node: "b" }), scope: fc.constantFrom("", "x") };

const span = fc.record({
  ...place,
  traceId,
  spanId,
  parentSpanId: maybe(spanId),
  traceState: maybe(word),
  name: text,
  kind: fc.constantFrom<Span["kind"]>("unspecified", "internal", "server", "client", "producer", "consumer"),
  startNanos: nanos,
  endNanos: nanos,
  attributes,
  events: fc.array(fc.record({ timeNanos: nanos, name: text, attributes }), { maxLength: 2 }),
  links: maybe(fc.array(fc.record({ traceId, spanId, attributes }), { minLength: 1, maxLength: 2 })),
  flags: maybe(count),
  droppedAttributes: maybe(count),
  droppedEvents: maybe(count),
  droppedLinks: maybe(count),
  status: fc.oneof(
    fc.record({ code: fc.constantFrom("unset" as const, "ok" as const) }),
    fc.record({ code: fc.constant("error" as const), message: word }),
  ),
});

const record = fc.record({
  ...place,
  timeNanos: nanos,
  observedTimeNanos: nanos,
  severityNumber: fc.nat(24),
  severityText: text,
  eventName: maybe(word),
  body: maybe(fc.oneof(text, attributes, fc.constant(null))),
  attributes,
  flags: maybe(count),
  droppedAttributes: maybe(count),
  traceId: maybe(traceId),
  spanId: maybe(spanId),
});

/** With its resource and scope as the table has them, and without what is absent. */
function placed<T>(table: SeriesTable, shape: { readonly resource: Attributes; readonly scope: string }): T {
  const present = Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
  return { ...present, resource: table.resource(shape.resource), scope: table.scope(shape.scope) } as T;
}

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
      expect(byPlace(readTraces(writeTraces({ spans }), table).spans)).toEqual(byPlace(spans));
    }),
  );
});

test("log records are read again as they were written", () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 6 }), (shapes) => {
      const table = new SeriesTable();
      const records = shapes.map((shape) => placed<LogRecord>(table, shape));
      expect(byPlace(readLogs(writeLogs({ records }), table).records)).toEqual(byPlace(records));
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
