import fc from "fast-check";
import { expect, test } from "vitest";
import type { Attributes, AttributeValue } from "../attributes.ts";
import {
  allPoints,
  type ExponentialHistogram,
  type Histogram,
  type MetricsBatch,
  type Point,
  type PointValue,
} from "../points.ts";
import type { Metric, MetricType } from "../series.ts";
import { SeriesTable } from "../series-table.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { WireError } from "./wire-reader.ts";

const BEGIN_MS = Date.UTC(2026, 0, 1);

const text = fc.oneof(fc.constantFrom("a", "b", "gost.client.id"), fc.string({ unit: "grapheme", maxLength: 8 }));
const int = fc.maxSafeInteger();
const double = fc.double({ noNaN: true });
const value: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.boolean(),
    int,
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.constant(null),
    fc.double({ noNaN: true, noInteger: true }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
const attributes: fc.Arbitrary<Attributes> = fc.dictionary(text, value, { maxKeys: 4, noNullPrototype: true });

const type = fc.constantFrom<MetricType>("sum", "gauge", "histogram", "exponential_histogram", "summary");
const metric: fc.Arbitrary<Metric> = fc
  .record({
    name: text,
    unit: text,
    description: text,
    type,
    monotonic: fc.boolean(),
    number: fc.constantFrom("int", "double"),
  })
  .chain((shape) =>
    fc.constantFrom<Metric["temporality"]>("delta", "cumulative", "unspecified").map((temporality) => ({
      ...shape,
      // What a message has no place for.
      monotonic: shape.monotonic && shape.type === "sum",
      temporality: shape.type === "gauge" || shape.type === "summary" ? "unspecified" : temporality,
      number: shape.type === "gauge" || shape.type === "sum" ? shape.number : "double",
    })),
  ) as fc.Arbitrary<Metric>;

/** Times that are whole microseconds come back exactly. */
const timeMs = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((us) => BEGIN_MS + us / 1000);
const count = fc.nat();
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const buckets = fc.record({ offset: fc.integer({ min: -1000, max: 1000 }), counts: fc.array(count, { maxLength: 4 }) });

function pointValue(metric: Metric): fc.Arbitrary<PointValue> {
  const rest = { sum: maybe(double), min: maybe(double), max: maybe(double) };
  switch (metric.type) {
    case "sum":
    case "gauge":
      return metric.number === "int" ? int : double;
    case "histogram":
      return fc
        .array(double, { maxLength: 4 })
        .chain((bounds) =>
          fc.record({
            count,
            ...rest,
            bounds: fc.constant(bounds),
            counts: fc.array(count, { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
          }),
        )
        .map(withoutAbsent) as fc.Arbitrary<Histogram>;
    case "exponential_histogram":
      return fc
        .record({
          count,
          ...rest,
          scale: fc.integer({ min: -10, max: 20 }),
          zeroCount: count,
          zeroThreshold: double,
          positive: buckets,
          negative: buckets,
        })
        .map(withoutAbsent) as fc.Arbitrary<ExponentialHistogram>;
    case "summary":
      return fc.record({
        count,
        sum: double,
        quantiles: fc.array(fc.record({ quantile: double, value: double }), { maxLength: 3 }),
      });
    default:
      return metric.type satisfies never;
  }
}

const exemplar = fc
  .record({
    time: timeMs,
    value: double,
    traceId: maybe(fc.constant("0af7651916cd43dd8448eb211c80319c")),
    spanId: maybe(fc.constant("b7ad6b7169203331")),
    attributes,
  })
  .map(withoutAbsent);

interface Shape {
  readonly resource: Attributes;
  readonly scope: string;
  readonly metric: Metric;
  readonly attributes: Attributes;
  readonly start: number;
  readonly time: number;
  readonly value: PointValue;
  readonly exemplars: Point["extra"];
}

const shape: fc.Arbitrary<Shape> = metric.chain((each) =>
  fc.record({
    resource: fc.constantFrom<Attributes>({ "service.instance.id": "edge-1" }, { "service.instance.id": "edge-2" }, {}),
    scope: fc.constantFrom("", "gostcol"),
    metric: fc.constant(each),
    attributes,
    start: fc.oneof(fc.constant(0), timeMs),
    time: timeMs,
    value: pointValue(each),
    exemplars:
      each.type === "summary"
        ? fc.constant(undefined)
        : maybe(fc.array(exemplar, { minLength: 1, maxLength: 2 }).map((exemplars) => ({ exemplars }))),
  }),
) as fc.Arbitrary<Shape>;

function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

function pointsIn(table: SeriesTable, shapes: readonly Shape[]): Point[] {
  return shapes.map(({ resource, scope, metric, attributes, start, time, value, exemplars }) => ({
    series: table.series(table.resource(resource), table.scope(scope), table.metric(metric), attributes),
    start,
    time,
    value,
    ...(exemplars === undefined ? {} : { extra: exemplars }),
  }));
}

/** In any order: the writer puts together what belongs together. */
function sorted(points: readonly Point[]): Point[] {
  const order = new Map([...new Set(points.map(({ series }) => series))].map((series) => [series, series.id]));
  return [...points].sort((a, b) => order.get(a.series)! - order.get(b.series)!);
}

test("what is written is read again as it was, series and values", () => {
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 12 }), (shapes) => {
      const table = new SeriesTable();
      const points = pointsIn(table, shapes);
      const writer = new MetricsWriter(table);
      const reader = new MetricsReader(table);
      // The second time everything is known already.
      for (let round = 0; round < 2; round++) {
        const bytes = writer.write({ rows: [], points });
        expect(sorted(reader.read(bytes).points)).toEqual(sorted(points));
      }
    }),
    { numRuns: 300 },
  );
});

test("a row is written as its points are, without the values that are not there", () => {
  const table = new SeriesTable();
  const resource = table.resource({ node: "edge-1" });
  const metric = table.metric({
    name: "io",
    unit: "By",
    description: "",
    type: "sum",
    monotonic: true,
    temporality: "cumulative",
    number: "int",
  });
  const series = ["a", "b", "c"].map((client) => table.series(resource, table.scope(""), metric, { client }));
  const batch: MetricsBatch = { rows: [{ series, start: 0, time: BEGIN_MS, values: [1, Number.NaN, 3] }], points: [] };
  const read = new MetricsReader(table).read(new MetricsWriter(table).write(batch));
  expect(read.points).toEqual(allPoints(batch));
});

test("whole numbers up to 2^63 keep their size, and negative ones their sign", () => {
  const table = new SeriesTable();
  const metric = table.metric({
    name: "n",
    unit: "",
    description: "",
    type: "gauge",
    monotonic: false,
    temporality: "unspecified",
    number: "int",
  });
  const series = table.series(table.resource({}), table.scope(""), metric, {});
  const values = [0, -1, 2 ** 32, -(2 ** 32) - 1, 2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 62];
  const points = values.map((value) => ({ series, start: 0, time: BEGIN_MS, value }));
  const read = new MetricsReader(table).read(new MetricsWriter(table).write({ rows: [], points }));
  expect(read.points.map(({ value }) => value)).toEqual(values);
});

test("damaged bytes are an error of their own kind, or other data, and never anything else", () => {
  fc.assert(
    fc.property(
      fc.array(shape, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      fc.nat(255),
      fc.boolean(),
      (shapes, at, byte, cut) => {
        const table = new SeriesTable();
        const bytes = new MetricsWriter(table).write({ rows: [], points: pointsIn(table, shapes) });
        const damaged = cut ? bytes.slice(0, at % bytes.length) : Uint8Array.from(bytes);
        if (!cut) damaged[at % bytes.length] = byte;
        try {
          new MetricsReader(table).read(damaged);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(WireError);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("series that were swept are interned anew", () => {
  const table = new SeriesTable();
  const reader = new MetricsReader(table);
  const metric = table.metric({
    name: "n",
    unit: "",
    description: "",
    type: "gauge",
    monotonic: false,
    temporality: "unspecified",
    number: "int",
  });
  const series = table.series(table.resource({}), table.scope(""), metric, { a: "b" });
  const bytes = new MetricsWriter(table).write({ rows: [], points: [{ series, start: 0, time: BEGIN_MS, value: 1 }] });
  reader.read(bytes);
  for (let generation = 0; generation < 3; generation++) table.sweep(1);
  expect(table.size).toBe(0);
  const [again] = reader.read(bytes).points;
  expect(again!.series).not.toBe(series);
  expect(table.size).toBe(1);
});
