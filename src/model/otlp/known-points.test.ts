import fc from "fast-check";
import { expect, test } from "vitest";
import { allPoints, type MetricsBatch, type Point, Row } from "../points.ts";
import type { Metric, Series } from "../series.ts";
import { SeriesTable } from "../series-table.ts";
import { ItemBudget, TooManyItems } from "./item-budget.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { BEGIN_MS } from "./test-kit.ts";

const SUM: Metric = {
  name: "io",
  unit: "By",
  description: "",
  type: "sum",
  monotonic: true,
  temporality: "delta",
  number: "int",
};

/** One who sends over a table of its own, and one who reads. */
function pair() {
  const theirs = new SeriesTable();
  const table = new SeriesTable();
  const writer = new MetricsWriter(theirs);
  const reader = new MetricsReader(table);
  const resource = theirs.resource({ node: "edge-1" });
  return {
    table,
    series: (client: string, metric: Partial<Metric> = {}): Series =>
      theirs.series(resource, theirs.scope(""), theirs.metric({ ...SUM, ...metric }), { client }),
    send: (points: readonly Point[], items?: ItemBudget) => reader.read(writer.write({ rows: [], points }), items),
  };
}

const at = (series: readonly Series[], round: number, value = round): Point[] =>
  series.map((each, index) => ({ series: each, start: BEGIN_MS, time: BEGIN_MS + round, value: value * 1000 + index }));

/** Client and numbers of all points, wherever they stand. */
const told = (batch: MetricsBatch) =>
  allPoints(batch).map(({ series, start, time, value }) => [series.attributes["client"], start, time, value]);
const meant = (points: readonly Point[]) => told({ rows: [], points });

const CLIENTS = ["a", "b", "c", "d", "e"];

test.each(["int", "double"] as const)(
  "the same series in the same order are one row from the second time on: %s",
  (number) => {
    const { series, send } = pair();
    const list = CLIENTS.map((client) => series(client, { number }));
    const first = send(at(list, 1));
    expect([first.rows.length, first.points.length]).toEqual([0, 5]);
    const [second, third] = [send(at(list, 2)), send(at(list, 3))];
    expect([second.rows.length, second.points.length]).toEqual([1, 0]);
    expect(told(second)).toEqual(meant(at(list, 2)));
    expect(told(third)).toEqual(meant(at(list, 3)));
    expect(third.rows[0]!.series).toBe(second.rows[0]!.series);
  },
);

test("whatever is told in turn is read as it was told", () => {
  const point = fc.record({
    client: fc.constantFrom(...CLIENTS),
    number: fc.constantFrom("int" as const, "double" as const),
    start: fc.constantFrom(0, BEGIN_MS),
    time: fc.integer({ min: 1, max: 3 }),
    value: fc.oneof(fc.integer(), fc.double()),
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.array(point, { maxLength: 8 }), fc.integer({ min: 1, max: 3 }))), (requests) => {
      const { series, send } = pair();
      for (const [request, times] of requests) {
        const points = request.map(({ client, number, start, time, value }) => ({
          series: series(client, { number }),
          start,
          time: BEGIN_MS + time,
          value: number === "int" ? Math.trunc(value) % 2 ** 53 || 0 : value,
        }));
        for (let time = 0; time < times; time++) {
          const read = send(points);
          for (const number of ["int", "double"]) {
            const its = ({ series: { metric } }: Point) => metric.number === number;
            expect(meant(allPoints(read).filter(its))).toEqual(meant(points.filter(its)));
          }
        }
      }
    }),
    { numRuns: 300 },
  );
});

test("points of different times are no row, and a value that is no number is no absent one", () => {
  const { series, send } = pair();
  const list = CLIENTS.map((client) => series(client, { number: "double" }));
  const [first, ...rest] = at(list, 2);
  send(at(list, 1));
  for (const odd of [{ time: BEGIN_MS + 1 }, { start: BEGIN_MS - 1 }, { value: Number.NaN }]) {
    const points = [{ ...first!, ...odd }, ...rest];
    const read = send(points);
    expect(read.rows).toEqual([]);
    expect(told(read)).toEqual(meant(points));
  }
});

test("no row overtakes a point of the same series that stands in front of it", () => {
  const { series, send } = pair();
  const list = CLIENTS.map((client) => series(client));
  send(at(list, 1));
  const other = series("f");
  // The writer puts all of one metric together, so the metric comes twice only by another description.
  const again = CLIENTS.map((client) => series(client, { description: "again" }));
  send(at(again, 1));
  const read = send([...at([...list, other], 2), ...at(again, 3)]);
  expect([read.rows.length, read.points.length]).toEqual([1, 6]);
  expect(read.rows[0]!.series[0]!.metric.description).toBe("again");
});

test("rows count against the limit of items as points do", () => {
  const { series, send } = pair();
  const list = CLIENTS.map((client) => series(client));
  send(at(list, 1));
  expect(send(at(list, 2), new ItemBudget(5)).rows).toHaveLength(1);
  expect(() => send(at(list, 3), new ItemBudget(4))).toThrow(TooManyItems);
});

test("what comes in rows is not swept, and what was swept is read anew", () => {
  const { table, series, send } = pair();
  const list = CLIENTS.map((client) => series(client));
  for (let round = 1; round < 6; round++) {
    send(at(list, round));
    expect(table.sweep(1)).toBe(0);
  }
  const before = send(at(list, 6)).rows[0]!.series;
  table.sweep(0);
  table.sweep(0);
  expect(table.size).toBe(0);
  const read = send(at(list, 7));
  expect(told(read)).toEqual(meant(at(list, 7)));
  expect(table.size).toBe(5);
  expect(allPoints(read)[0]!.series).not.toBe(before[0]);
});

test.each([
  { how: "in the same order", order: (list: readonly Series[]) => list },
  { how: "in another order", order: (list: readonly Series[]) => list.toReversed() },
])("a series that was swept and comes again $how is the table's new one", ({ order }) => {
  const { table, series, send } = pair();
  const list = CLIENTS.map((client) => series(client));
  send(at(list, 1));
  const before = send(at(list, 2)).rows[0]!.series;
  const [swept, ...kept] = before;
  for (const each of kept) table.retain(each);
  for (let generation = 0; generation < 2; generation++) table.sweep(0);
  expect(table.size).toBe(4);
  for (let round = 3; round < 6; round++) {
    const read = allPoints(send(at(order(list), round)));
    expect(told({ rows: [], points: read })).toEqual(meant(at(order(list), round)));
    const clients = new Map(read.map((point) => [point.series.attributes["client"], point.series]));
    expect(clients.get("a")).not.toBe(swept);
    for (const each of kept) expect(clients.get(each.attributes["client"])).toBe(each);
    for (const point of read) {
      const { resource, scope, metric, attributes } = point.series;
      expect(point.series).toBe(table.series(resource, scope, metric, attributes));
    }
    expect(table.size).toBe(5);
  }
});

test("whoever comes and goes leaves room for those who come next", () => {
  const { table, series, send } = pair();
  for (let round = 1; round < 50; round++) {
    const list = CLIENTS.map((client) => series(`${client}${round}`, { description: `${round % 7}` }));
    for (let time = 0; time < 3; time++) {
      const points = at(list, round);
      expect(told(send(points))).toEqual(meant(points));
    }
    table.sweep(0);
    expect(table.size).toBeLessThanOrEqual(5);
  }
});

test("a long row of one metric is written as its points are", () => {
  const table = new SeriesTable();
  const metric = { int: table.metric(SUM), double: table.metric({ ...SUM, number: "double" }) };
  const listOf = (number: "int" | "double", length: number) =>
    Array.from({ length }, (_, client) =>
      table.series(table.resource({}), table.scope(""), metric[number], { client: `client ${client}` }),
    );
  const lists = [listOf("int", 100), listOf("double", 40), listOf("int", 3)];
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ list: fc.nat(2), start: fc.nat(), time: fc.nat(), first: fc.oneof(fc.integer(), fc.double()) }),
      ),
      (shapes) => {
        const rows = shapes.map(({ list, start, time, first }) => {
          const values = lists[list]!.map((_, index) => (index === 0 ? first : index * 1e6 - 5));
          return new Row(lists[list]!, BEGIN_MS + start, BEGIN_MS + time, values);
        });
        const batch = { rows, points: [] };
        const asPoints = new MetricsWriter(table).write({ rows: [], points: allPoints(batch) });
        expect(Buffer.compare(new MetricsWriter(table).write(batch), asPoints)).toBe(0);
      },
    ),
  );
});
