import fc from "fast-check";
import { expect, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { allPoints, type MetricsBatch, type Point } from "../points.ts";
import { SeriesTable } from "../series-table.ts";
import { ItemBudget, TooManyItems } from "./item-budget.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { BEGIN_MS, pointsIn, shape } from "./test-kit.ts";
import { WireError } from "./wire-reader.ts";

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
      // The third time everything is known already.
      for (let round = 0; round < 3; round++) {
        const bytes = writer.write({ rows: [], points });
        const read = reader.read(bytes);
        bytes.fill(255); // Nothing that was read may look at them any more.
        expect(sorted(read.points)).toEqual(sorted(points));
      }
    }),
    { numRuns: 300 },
  );
});

test("a row is written as its points are, without the values that are not there", () => {
  const table = new SeriesTable();
  const resource = table.resource({ node: "edge-1" });
  const metric = table.metric(COUNTER);
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

test("one series is read as one, in whatever order its attributes are written", () => {
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
  const key = (name: string) => ({ [name]: "x" });
  const orders = fc.sample(fc.shuffledSubarray(["a", "b", "c", "d", "e"], { minLength: 5 }), 50);
  const seen = orders.map((names) => {
    const other = new SeriesTable();
    const attributes = Object.assign({}, ...names.map(key)) as Record<string, string>;
    const series = other.series(other.resource({}), other.scope(""), other.metric(metric), attributes);
    const bytes = new MetricsWriter(other).write({ rows: [], points: [{ series, start: 0, time: 0, value: 1 }] });
    return reader.read(bytes).points[0]!.series;
  });
  expect(new Set(seen).size).toBe(1);
  expect(table.size).toBe(1);
});

test("more items than the budget has are not read, exemplars counted too", () => {
  const table = new SeriesTable();
  const shapes = fc.sample(shape, 20);
  const bytes = new MetricsWriter(table).write({ rows: [], points: pointsIn(table, shapes) });
  const exemplars = shapes.reduce((sum, { exemplars }) => sum + (exemplars?.exemplars?.length ?? 0), 0);
  const reader = new MetricsReader(table);
  expect(reader.read(bytes, new ItemBudget(20 + exemplars)).points).toHaveLength(20);
  expect(() => reader.read(bytes, new ItemBudget(19 + exemplars))).toThrow(TooManyItems);
});

test("an id of another length than ids have is an error, for nobody behind would take it", () => {
  // One exemplar (field 5) of a gauge's point with a span id (field 4) of three bytes.
  const nest = (field: number, inner: readonly number[]) => [(field << 3) | 2, inner.length, ...inner];
  const request = (id: readonly number[]) =>
    Uint8Array.from(nest(1, nest(2, nest(2, nest(5, nest(1, nest(5, nest(4, id))))))));
  const reader = new MetricsReader(new SeriesTable());
  expect(reader.read(request([1, 2, 3, 4, 5, 6, 7, 8])).points).toHaveLength(1);
  expect(reader.read(request([])).points).toHaveLength(1);
  expect(() => reader.read(request([1, 2, 3]))).toThrow(WireError);
});
