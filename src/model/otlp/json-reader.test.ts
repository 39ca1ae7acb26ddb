import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LimitedSeries } from "../limited-series.ts";
import type { LogRecord } from "../log-records.ts";
import { type Point, pointCount } from "../points.ts";
import { SeriesTable } from "../series-table.ts";
import type { Span } from "../spans.ts";
import { ItemBudget, TooManyItems } from "./item-budget.ts";
import { readMetricsJson } from "./json-metrics-reader.ts";
import { parseRequest, readLogsJson, readTracesJson } from "./json-reader.ts";
import { JsonError } from "./json-values.ts";
import { logsJson, metricsJson, tracesJson } from "./json-writer.ts";
import { placed, pointsIn, record, shape, span } from "./test-kit.ts";

/** As it travels: what JSON has no number for is lost. */
const travelled = (request: unknown) => parseRequest(Buffer.from(JSON.stringify(request)));

/** JSON has no negative zero. */
function withoutNegativeZero<T>(value: T): T {
  if (Object.is(value, -0)) return 0 as T;
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(withoutNegativeZero) as T;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNegativeZero(each)])) as T;
}

describe("what is written in JSON is read again as it was", () => {
  test("points, with their series", () => {
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 12 }), (shapes) => {
        const table = new SeriesTable();
        const points = pointsIn(table, withoutNegativeZero(shapes));
        const read = readMetricsJson(travelled(metricsJson({ rows: [], points })), { table });
        const bySeries = (list: readonly Point[]) => list.toSorted((a, b) => a.series.id - b.series.id);
        expect(bySeries(read.points)).toEqual(bySeries(points));
      }),
      { numRuns: 300 },
    );
  });

  test("spans", () => {
    fc.assert(
      fc.property(span, (shape) => {
        const table = new SeriesTable();
        const spans = [placed<Span>(table, withoutNegativeZero(shape))];
        expect(readTracesJson(travelled(tracesJson({ spans })), table)).toEqual({ spans });
      }),
      { numRuns: 300 },
    );
  });

  test("log records", () => {
    fc.assert(
      fc.property(record, (shape) => {
        const table = new SeriesTable();
        const records = [placed<LogRecord>(table, withoutNegativeZero(shape))];
        expect(readLogsJson(travelled(logsJson({ records })), table)).toEqual({ records });
      }),
      { numRuns: 300 },
    );
  });
});

/** The one point of a gauge whose data point has these members. */
function pointOf(members: object): Point {
  const metrics = [{ name: "m", gauge: { dataPoints: [{ timeUnixNano: "1000000", ...members }] } }];
  const request = travelled({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
  return readMetricsJson(request, { table: new SeriesTable() }).points[0]!;
}

function attributeOf(value: unknown): unknown {
  return pointOf({ attributes: [{ key: "a", value }] }).series.attributes["a"];
}

const metric = (data: object) => {
  const request = travelled({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "m", ...data }] }] }] });
  return readMetricsJson(request, { table: new SeriesTable() }).points[0]!.series.metric;
};

const spanWith = (members: object) => {
  const request = travelled({ resourceSpans: [{ scopeSpans: [{ spans: [members] }] }] });
  return readTracesJson(request, new SeriesTable()).spans[0]!;
};

const recordWith = (members: object) => {
  const request = travelled({ resourceLogs: [{ scopeLogs: [{ logRecords: [members] }] }] });
  return readLogsJson(request, new SeriesTable()).records[0]!;
};

describe("others write the same in other ways", () => {
  test.each([
    [{ asInt: "12" }, 12],
    [{ asInt: 12 }, 12],
    [{ asInt: "-9007199254740993" }, -9007199254740992],
    [{ asDouble: 1.5 }, 1.5],
    [{ asDouble: "1.5e3" }, 1500],
    [{ asDouble: "NaN" }, Number.NaN],
    [{ asDouble: "Infinity" }, Number.POSITIVE_INFINITY],
    [{ asDouble: "-Infinity" }, Number.NEGATIVE_INFINITY],
    [{}, 0],
  ])("the value of %j is %d", (members, value) => expect(pointOf(members).value).toBe(value));

  test.each([
    [{ intValue: "9223372036854775807" }, 9223372036854775807n],
    [{ intValue: -5 }, -5],
    [{ doubleValue: "NaN" }, Number.NaN],
    [{ bytesValue: "AQI=" }, Uint8Array.of(1, 2)],
    [{ bytesValue: "-_8" }, Uint8Array.of(251, 255)],
    [{ arrayValue: {} }, []],
    [{ kvlistValue: { values: [{ key: "x" }] } }, { x: null }],
    [{ stringValue: null }, null],
    [{}, null],
  ])("the attribute %j is %o", (written, value) => expect(attributeOf(written)).toEqual(value));

  test("enums are numbers or names, and numbers that are not known are the unspecified one", () => {
    const sum = (aggregationTemporality: unknown) =>
      metric({ sum: { aggregationTemporality, dataPoints: [{}] } }).temporality;
    expect([sum(2), sum("AGGREGATION_TEMPORALITY_DELTA"), sum(9), sum(null)]).toEqual([
      "cumulative",
      "delta",
      "unspecified",
      "unspecified",
    ]);
    expect(spanWith({ kind: "SPAN_KIND_CLIENT", status: { code: "STATUS_CODE_ERROR" } })).toMatchObject({
      kind: "client",
      status: { code: "error" },
    });
    expect(recordWith({ severityNumber: "SEVERITY_NUMBER_WARN2" }).severityNumber).toBe(14);
  });

  test("ids may be in capitals, and an empty one is none", () => {
    const { traceId } = spanWith({ traceId: "0AF7651916CD43DD8448EB211C80319C", parentSpanId: "" });
    expect(traceId).toBe("0af7651916cd43dd8448eb211c80319c");
    expect(spanWith({ parentSpanId: "" })).not.toHaveProperty("parentSpanId");
  });

  test("times are texts or numbers, exact to the nanosecond as texts", () => {
    expect(spanWith({ startTimeUnixNano: "1544712660300000001", endTimeUnixNano: 1544712660000000000 })).toMatchObject({
      startNanos: 1544712660300000001n,
      endNanos: 1544712660000000000n,
    });
  });

  test("members that are not known, and names in snake_case, are ignored", () => {
    expect(pointOf({ asInt: 1, as_double: 5, start_time_unix_nano: {}, more: [[[]]] })).toMatchObject({
      value: 1,
      start: 0,
    });
  });

  test("a key called __proto__ is a key like any other", () => {
    const { attributes } = pointOf({ attributes: [{ key: "__proto__", value: { intValue: 1 } }] }).series;
    expect(Object.keys(attributes)).toEqual(["__proto__"]);
  });
});

describe("what is wrong is said", () => {
  test.each([
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "1"],
  ])("of a request that is %s", (_, text) => {
    expect(() => parseRequest(Buffer.from(text))).toThrow(JsonError);
  });

  test.each([
    [{ asInt: "1.5" }, "asInt"],
    [{ asInt: 1.5 }, "asInt"],
    [{ asInt: "9223372036854775808" }, "asInt"],
    [{ asInt: "1".repeat(1000) }, "asInt"],
    [{ asDouble: "one" }, "asDouble"],
    [{ asDouble: "" }, "asDouble"],
    [{ timeUnixNano: "-1" }, "timeUnixNano"],
    [{ timeUnixNano: "2026-01-01T00:00:00Z" }, "timeUnixNano"],
    [{ flags: -1 }, "flags"],
    [{ attributes: {} }, "attributes"],
    [{ attributes: ["a"] }, "attributes"],
    [{ attributes: [{ key: 1 }] }, "key"],
    [{ attributes: [{ key: "a", value: "b" }] }, "value"],
    [{ attributes: [{ key: "a", value: { boolValue: "true" } }] }, "boolValue"],
    [{ attributes: [{ key: "a", value: { bytesValue: "!" } }] }, "bytesValue"],
    [{ exemplars: [{ traceId: "abc" }] }, "traceId"],
    [{ exemplars: [{ spanId: "zzzzzzzzzzzzzzzz" }] }, "spanId"],
  ])("of a point with %j", (members, name) => {
    expect(() => pointOf(members)).toThrow(new RegExp(`^${name} is not `));
  });

  test("of an enum's name that there is not", () => {
    expect(() => spanWith({ kind: "CLIENT" })).toThrow("kind is not a number, or one of SPAN_KIND_…");
  });

  test("of values that lie deeper in one another than 64 levels, however deep", () => {
    const nested = (depth: number) => {
      const [open, close] = ['{"arrayValue":{"values":[', "]}}"];
      const value = `${open.repeat(depth)}{}${close.repeat(depth)}`;
      return parseRequest(Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${value}}]}]}]}`));
    };
    expect(readLogsJson(nested(64), new SeriesTable()).records).toHaveLength(1);
    for (const depth of [65, 100_000]) {
      expect(() => readLogsJson(nested(depth), new SeriesTable())).toThrow("more than 64 deep");
    }
  });
});

test("a damaged request is an error of its own kind, or other data, and never anything else", () => {
  fc.assert(
    fc.property(fc.array(shape, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255), (shapes, at, byte) => {
      const table = new SeriesTable();
      const bytes = Buffer.from(JSON.stringify(metricsJson({ rows: [], points: pointsIn(table, shapes) })));
      bytes[at % bytes.length] = byte;
      try {
        readMetricsJson(parseRequest(bytes), { table });
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(JsonError);
      }
    }),
    { numRuns: 500 },
  );
});

test("random JSON in place of any member is an error of its own kind, or ignored", () => {
  const names = fc.constantFrom("attributes", "events", "links", "status", "traceId", "kind", "flags", "name", "body");
  fc.assert(
    fc.property(fc.dictionary(names, fc.jsonValue(), { noNullPrototype: true }), (members) => {
      for (const read of [spanWith, recordWith, pointOf]) {
        try {
          read(members);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(JsonError);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("more items than the budget has are not read, those within spans counted too", () => {
  const table = new SeriesTable();
  const withEvents = travelled({ resourceSpans: [{ scopeSpans: [{ spans: [{ events: [{}, {}], links: [{}] }] }] }] });
  expect(readTracesJson(withEvents, table, new ItemBudget(4)).spans).toHaveLength(1);
  expect(() => readTracesJson(withEvents, table, new ItemBudget(3))).toThrow(TooManyItems);
});

test("points of series that there is no room for are left out, the others are read", () => {
  const table = new SeriesTable();
  const source = new LimitedSeries(table, 1);
  const dataPoints = ["a", "b", "a"].map((client, index) => ({
    asInt: index,
    attributes: [{ key: "client", value: { stringValue: client } }],
  }));
  const metrics = [{ name: "m", gauge: { dataPoints } }];
  const batch = readMetricsJson(travelled({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }), { table, source });
  expect(batch.points.map(({ value }) => value)).toEqual([0, 2]);
  expect([pointCount(batch), source.refused, source.size, table.size]).toEqual([2, 1, 1, 1]);
});
