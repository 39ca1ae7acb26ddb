import { expect, test } from "vitest";
import { metricsBatch } from "../../test/support/fake-components.ts";
import { report } from "../../test/support/gost-streams.ts";
import { allPoints, type MetricsBatch } from "../model/points.ts";
import type { Series } from "../model/series.ts";
import { SeriesTable } from "../model/series-table.ts";
import { SeriesMapping } from "./series-mapping.ts";

const renamed = (series: Series) => ({ ...series, metric: { ...series.metric, name: `new.${series.metric.name}` } });

test("rows get one list of series, the same each time, and keep their values as they are", () => {
  const table = new SeriesTable();
  let described = 0;
  const mapping = new SeriesMapping(table, (series) => {
    described++;
    return renamed(series);
  });
  const batch = report(table, 1_000, { alice: [1, 2, 3, 4, 5] });
  const [row] = mapping.map(batch).rows;
  expect(row!.series.map(({ metric }) => metric.name)).toEqual(
    ["conns", "active", "received", "transmitted", "errors"].map((name) => `new.${name}`),
  );
  expect(row!.values).toBe(batch.rows[0]!.values);
  expect(mapping.map(report(table, 2_000, { alice: [1, 2, 3, 4, 5] })).rows[0]!.series).toBe(row!.series);
  expect(described).toBe(5);
  expect(row!.series.some(({ stream }) => stream !== undefined)).toBe(false);
});

test("where nothing changes the batch is the same, and so is what has not changed in one that has", () => {
  const table = new SeriesTable();
  const batch = { ...report(table, 1_000, { alice: [1, 2, 3, 4, 5] }), points: metricsBatch(2, table).points };
  expect(new SeriesMapping(table, (series) => series).map(batch)).toBe(batch);
  const some = new SeriesMapping(table, (series) => (series.attributes["index"] === 1 ? renamed(series) : series));
  const mapped = some.map(batch);
  expect(mapped.rows).toBe(batch.rows);
  expect(mapped.points[0]).toBe(batch.points[0]);
  expect(mapped.points[1]!.series.metric.name).toBe("new.test.bytes");
});

test("what it made is the table's series of that identity, and stays as long as what it was made of", () => {
  const table = new SeriesTable();
  const mapping = new SeriesMapping(table, renamed);
  const batch = metricsBatch(1, table);
  const unpin = table.pin(batch.points[0]!.series);
  const made = (from: MetricsBatch) => allPoints(mapping.map(from))[0]!.series;
  const first = made(batch);
  expect(table.series(first.resource, first.scope, first.metric, { index: 0 })).toBe(first);
  for (let generation = 0; generation < 5; generation++) table.sweep(1);
  expect(table.series(first.resource, first.scope, first.metric, { index: 0 })).toBe(first);
  unpin();
  for (let generation = 0; generation < 5; generation++) table.sweep(1);
  expect(table.size).toBe(0);
  expect(made(metricsBatch(1, table))).not.toBe(first);
  mapping.dispose();
  for (let generation = 0; generation < 5; generation++) table.sweep(1);
  expect(table.size).toBe(0);
});

test("what cannot be described is asked again each time", () => {
  const table = new SeriesTable();
  let broken = true;
  const mapping = new SeriesMapping(table, (series) => {
    if (broken) throw new Error("not now");
    return renamed(series);
  });
  expect(() => mapping.map(metricsBatch(1, table))).toThrow("not now");
  broken = false;
  expect(mapping.map(metricsBatch(1, table)).points[0]!.series.metric.name).toBe("new.test.bytes");
});
