import { expect, test } from "vitest";
import { LimitedSeries } from "./limited-series.ts";
import type { Metric } from "./series.ts";
import { SeriesTable } from "./series-table.ts";

const METRIC: Metric = {
  name: "m",
  unit: "",
  description: "",
  type: "gauge",
  monotonic: false,
  temporality: "unspecified",
  number: "int",
};

function limited(seriesMax: number) {
  const table = new SeriesTable();
  const source = new LimitedSeries(table, seriesMax);
  const parts = [table.resource({}), table.scope(""), table.metric(METRIC)] as const;
  return { table, source, parts, ask: (client: string) => source.series(...parts, { client }) };
}

test("series come to be up to the limit, and those that are there are given beyond it", () => {
  const { table, source, ask } = limited(2);
  const [a, b] = [ask("a"), ask("b")];
  expect([ask("c"), ask("a"), ask("b")]).toEqual([undefined, a, b]);
  expect([source.size, source.refused, table.size]).toEqual([2, 1, 2]);
});

test("another's series in the same table count when they are asked for here, and not before", () => {
  const { table, source, parts, ask } = limited(1);
  const others = table.series(...parts, { client: "other" });
  expect(ask("other")).toBe(others);
  table.series(...parts, { client: "another" });
  expect(ask("another")).toBeUndefined();
  expect(source.size).toBe(1);
});

test("what the table sweeps makes room", () => {
  const { table, source, ask } = limited(1);
  ask("a");
  for (let generation = 0; generation < 3; generation++) table.sweep(1);
  expect(source.size).toBe(0);
  expect(ask("b")).toBeDefined();
});
