import { expect, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { BATCH_PARTS } from "./batch-parts.ts";

const table = new SeriesTable();
const metric = table.metric(COUNTER);
const series = ["a", "b"].map((client) =>
  table.series(table.resource({ node: "n" }), table.scope(""), metric, { client }),
);

const row = (...values: number[]): MetricsBatch => ({ rows: [{ series, start: 0, time: 0, values }], points: [] });
const point = (value: number): MetricsBatch => ({
  rows: [],
  points: [{ series: series[0]!, start: 0, time: 0, value }],
});
const valuesOf = (batch: MetricsBatch) => allPoints(batch).map(({ value }) => value);

test("what is joined keeps its order, whether it came in rows or alone", () => {
  const { join } = BATCH_PARTS.metrics;
  expect(valuesOf(join([point(1), row(2, 3), point(4), row(5, 6)]))).toEqual([1, 2, 3, 4, 5, 6]);
  expect(join([row(1, 2), row(3, 4), point(5)]).rows).toHaveLength(2);
});

test("a row stays whole when a batch is cut, and values that are not there count nothing", () => {
  const { join, cut } = BATCH_PARTS.metrics;
  const parts = cut(join([row(1, 2), row(3, Number.NaN), point(4), row(5, 6)]), 3);
  expect(parts.map(valuesOf)).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
});

test("a row that is larger than a request may be is cut", () => {
  const { cut } = BATCH_PARTS.metrics;
  const large = Array.from({ length: 7 }, (_, client) =>
    table.series(table.resource({ node: "n" }), table.scope(""), metric, { client }),
  );
  const values = large.map((_, index) => index);
  const parts = cut({ rows: [{ series: large, start: 0, time: 0, values }], points: [] }, 3);
  expect(parts.map(valuesOf)).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
});
