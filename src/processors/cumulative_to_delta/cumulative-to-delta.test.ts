import { expect, test } from "vitest";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { nameOf, processorRig } from "../../../test/support/processor-rig.ts";
import { allPoints, type MetricsBatch, type PointValue, Row } from "../../model/points.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { cumulativeToDeltaProcessor } from "./index.ts";

const rigWith = (config: object = {}) =>
  processorRig([cumulativeToDeltaProcessor, { initial_value: "drop", ...config }]);

const point = (table: SeriesTable, value: PointValue, time: number, start = 0): MetricsBatch => {
  const { series } = metricsBatch(1, table).points[0]!;
  const typed = typeof value === "number" ? series.metric : table.metric({ ...series.metric, type: "histogram" });
  return { rows: [], points: [{ series: table.series(series.resource, series.scope, typed, {}), start, time, value }] };
};
const shown = (batches: readonly MetricsBatch[]) =>
  batches.flatMap((batch) => allPoints(batch).map(({ start, time, value }) => [start, time, value]));
const DROPPED = (reason: string) => `gostcol_cumulative_to_delta_dropped{"reason":"${reason}"}`;

test("each value becomes what it grew by since the last, as a delta series", async () => {
  const rig = await rigWith();
  for (const [value, time] of [
    [10, 1],
    [15, 2],
    [15, 3],
    [18, 3],
  ] as const)
    rig.send(point(rig.table, value, time));
  expect(shown(rig.left)).toEqual([
    [1, 2, 5],
    [2, 3, 0],
    [3, 3, 3],
  ]);
  expect(allPoints(rig.left[0]!)[0]!.series.metric).toMatchObject({ temporality: "delta", monotonic: true });
  expect(rig.counters.get(DROPPED("initial"))?.value).toBe(1);
});

test("a count that began anew is all new, told by its value or by its start", async () => {
  const rig = await rigWith();
  rig.send(point(rig.table, 10, 10, 5));
  rig.send(point(rig.table, 4, 20));
  rig.send(point(rig.table, 7, 30, 25));
  expect(shown(rig.left)).toEqual([
    [10, 20, 4],
    [25, 30, 7],
  ]);
});

test("a value older than the last changes nothing and is counted", async () => {
  const rig = await rigWith();
  for (const [value, time] of [
    [10, 10],
    [8, 5],
    [12, 20],
  ] as const)
    rig.send(point(rig.table, value, time));
  expect(shown(rig.left)).toEqual([[10, 20, 2]]);
  expect(rig.counters.get(DROPPED("out_of_order"))?.value).toBe(1);
});

test("what was refused later on has not been seen", async () => {
  const rig = await rigWith();
  rig.send(point(rig.table, 10, 1));
  rig.sendAndRollBack(point(rig.table, 15, 2));
  rig.send(point(rig.table, 15, 2));
  expect(shown(rig.left)).toEqual([[1, 2, 5]]);
});

test("a first value is a delta where it is asked for, or where it was counted since the start", async () => {
  const keep = await rigWith({ initial_value: "keep" });
  keep.send(point(keep.table, 10, 1));
  expect(shown(keep.left)).toEqual([[0, 1, 10]]);
  const auto = await rigWith({ initial_value: "auto" });
  const now = auto.clock.now();
  for (const start of [0, now - 1, now + 1]) {
    await auto.restart();
    auto.send(point(auto.table, 10, now + 5, start));
  }
  expect(shown(auto.left)).toEqual([[now + 1, now + 5, 10]]);
});

test("a series that was not seen for max_staleness begins again", async () => {
  const rig = await rigWith({ max_staleness: "1m" });
  rig.send(point(rig.table, 10, 1));
  rig.clock.advance(61_000);
  rig.send(point(rig.table, 15, 2));
  rig.clock.advance(59_000);
  rig.send(point(rig.table, 16, 3));
  expect(shown(rig.left)).toEqual([[2, 3, 1]]);
});

test("rows stay rows; values that were last seen at different times are rows of their own", async () => {
  const rig = await rigWith();
  const series = metricsBatch(3, rig.table).points.map((one) => one.series);
  const { NaN: none } = Number;
  const send = (time: number, ...values: number[]) =>
    rig.send({ rows: [new Row(series, 0, time, values)], points: [] });
  send(1, 1, 1, 1);
  send(2, 3, none, 1);
  send(3, 4, 5, none);
  const rows = rig.left.flatMap((batch) => batch.rows);
  expect(rows.map(({ start, time, values }) => [start, time, values])).toEqual([
    [1, 2, [2, none, 0]],
    [2, 3, [1, none, none]],
    [1, 3, [none, 4, none]],
  ]);
  expect(rows.every((row) => row.series === rows[0]!.series)).toBe(true);
  expect(rows[0]!.series.map(nameOf)).toEqual(series.map(nameOf));
});

test("a histogram becomes what its buckets grew by, or is all new where they cannot be compared", async () => {
  const rig = await rigWith();
  const histogram = (bounds: number[], ...counts: number[]) => ({
    count: counts.reduce((sum, count) => sum + count),
    sum: counts.length * 10,
    max: 5,
    bounds,
    counts,
  });
  rig.send(point(rig.table, histogram([1], 1, 2), 1));
  rig.send(point(rig.table, histogram([1], 1, 5), 2));
  rig.send(point(rig.table, histogram([2], 2, 9), 3));
  expect(shown(rig.left)).toEqual([
    [1, 2, { count: 3, sum: 0, bounds: [1], counts: [0, 3] }],
    [2, 3, histogram([2], 2, 9)],
  ]);
});

test("what is excluded, not included, or no cumulative count passes as it came", async () => {
  for (const config of [
    { exclude: { metrics: ["test.bytes"] } },
    { include: { metrics: ["^bytes"], match_type: "regexp" } },
    { include: { metric_types: ["histogram"] } },
  ]) {
    const rig = await rigWith(config);
    const batch = point(rig.table, 10, 1);
    rig.send(batch);
    expect(rig.left[0]).toEqual(batch);
  }
});
