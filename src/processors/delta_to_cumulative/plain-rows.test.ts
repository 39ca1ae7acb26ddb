import { expect, test } from "vitest";
import { type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import { allPoints, type MetricsBatch, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

const CLIENTS = ["a", "b", "c", "d", "e", "f", "g", "h"];

function seriesIn(table: SeriesTable, clients: readonly string[] = CLIENTS): readonly Series[] {
  const metric = table.metric({
    name: "io",
    unit: "By",
    description: "",
    type: "sum",
    monotonic: true,
    temporality: "delta",
    number: "int",
  });
  return clients.map((client) => table.series(table.resource({}), table.scope(""), metric, { client }));
}

const rowOf = (series: readonly Series[], round: number): MetricsBatch => ({
  rows: [
    new Row(
      series,
      round * 1000,
      (round + 1) * 1000,
      series.map((_, index) => round * 10 + index),
    ),
  ],
  points: [],
});
const pointOf = (series: Series, round: number, value: number): MetricsBatch => ({
  rows: [],
  points: [{ series, start: round * 1000, time: (round + 1) * 1000, value }],
});
/** After these rounds of rows. */
const totalOf = (index: number, ...rounds: readonly number[]) =>
  rounds.reduce((sum, round) => sum + round * 10 + index, 0);

const rig = () => processorRig([deltaToCumulativeProcessor, {}]);
const last = ({ left }: ProcessorRig) => allPoints(left.at(-1)!).map(({ start, time, value }) => [start, time, value]);
const counted = ({ counters }: ProcessorRig, error?: string) =>
  counters.get(`otelcol_deltatocumulative_datapoints${error ? `{"error":"delta.${error}"}` : "{}"}`)?.value;

test("rows of deltas become rows of totals, of the same series each time", async () => {
  const its = await rig();
  const series = seriesIn(its.table);
  for (const round of [1, 2, 3]) its.send(rowOf(series, round));
  expect(last(its)).toEqual(CLIENTS.map((_, index) => [1000, 4000, totalOf(index, 1, 2, 3)]));
  const [second, third] = its.left.slice(1);
  expect([second!.rows.length, third!.rows.length]).toEqual([1, 1]);
  expect(third!.rows[0]!.series).toBe(second!.rows[0]!.series);
  expect(counted(its)).toBe(24);
});

test("totals that began at different times leave in rows of their own", async () => {
  const its = await rig();
  const series = seriesIn(its.table, [...CLIENTS, "i", "j", "k", "l"]);
  its.send(rowOf(series.slice(0, 6), 1));
  for (const round of [2, 3]) its.send(rowOf(series, round));
  expect(its.left.at(-1)!.rows.map(({ start, series: { length } }) => [start, length])).toEqual([
    [1000, 6],
    [2000, 6],
  ]);
  expect(last(its).map(([, , value]) => value)).toEqual(
    series.map((_, index) => totalOf(index, ...(index < 6 ? [1, 2, 3] : [2, 3]))),
  );
});

test("a series of a row that comes alone, or in another row, goes on where it was", async () => {
  const its = await rig();
  const series = seriesIn(its.table);
  for (const round of [1, 2]) its.send(rowOf(series, round));
  its.send(pointOf(series[3]!, 3, 5));
  expect(last(its)).toEqual([[1000, 4000, totalOf(3, 1, 2) + 5]]);
  const others = seriesIn(its.table, ["h", "g", "f", "e", "d"]);
  its.send(rowOf(others, 4));
  its.send(rowOf(others, 5));
  expect(last(its).map(([, , value]) => value)).toEqual(
    [7, 6, 5, 4, 3].map((index, place) => totalOf(index, 1, 2) + totalOf(place, 4, 5) + (index === 3 ? 5 : 0)),
  );
  its.send(rowOf(series, 6));
  expect(last(its)[0]).toEqual([1000, 7000, totalOf(0, 1, 2, 6)]);
});

test("a row that is late is dropped and counted, and one that begins too early", async () => {
  const its = await rig();
  const series = seriesIn(its.table);
  for (const round of [1, 2, 2]) its.send(rowOf(series, round));
  its.send({
    rows: [
      new Row(
        series,
        500,
        9000,
        series.map(() => 1),
      ),
    ],
    points: [],
  });
  expect([counted(its, "ErrOutOfOrder"), counted(its, "ErrOlderStart"), counted(its)]).toEqual([8, 8, 16]);
  its.send(rowOf(series, 3));
  expect(last(its)[7]).toEqual([1000, 4000, totalOf(7, 1, 2, 3)]);
});

test("rows that are rolled back change nothing, whatever became of them meanwhile", async () => {
  const its = await rig();
  const series = seriesIn(its.table);
  its.sendAndRollBack(rowOf(series, 1));
  its.send(rowOf(series, 2));
  its.sendAndRollBack(rowOf(series, 3));
  its.sendAndRollBack(pointOf(series[0]!, 3, 1000));
  its.send(rowOf(series, 4));
  expect(last(its)).toEqual(CLIENTS.map((_, index) => [2000, 5000, totalOf(index, 2, 4)]));
  expect(its.left.at(-1)!.rows).toHaveLength(1);
});

test("totals of rows survive a restart, and are forgotten when they are stale", async () => {
  const its = await rig();
  for (const round of [1, 2]) its.send(rowOf(seriesIn(its.table), round));
  await its.restart();
  expect(last(its).map(([, , value]) => value)).toEqual(CLIENTS.map((_, index) => totalOf(index, 1, 2)));
  for (const round of [3, 4]) its.send(rowOf(seriesIn(its.table), round));
  expect(last(its)[1]).toEqual([1000, 5000, totalOf(1, 1, 2, 3, 4)]);
  its.clock.advance(600_000);
  await its.restart();
  its.send(rowOf(seriesIn(its.table), 5));
  expect(last(its)[1]).toEqual([5000, 6000, totalOf(1, 5)]);
});

test("a row in another order that is rolled back leaves each series its own total", async () => {
  const its = await rig();
  const series = seriesIn(its.table);
  for (const round of [1, 2]) its.send(rowOf(series, round));
  its.sendAndRollBack(rowOf([...series].reverse(), 3));
  its.send(pointOf(series[1]!, 4, 1000));
  expect(last(its)).toEqual([[1000, 5000, totalOf(1, 1, 2) + 1000]]);
});

test("series that came as points leave as a row with the first row that they come in, or as if it had not come", async () => {
  const its = await rig();
  const series = seriesIn(its.table);
  const asPoints: MetricsBatch = { rows: [], points: allPoints(rowOf(series, 1)) };
  its.send(asPoints);
  its.sendAndRollBack(rowOf(series, 2));
  its.send(pointOf(series[0]!, 2, 1000));
  expect(last(its)).toEqual([[1000, 3000, totalOf(0, 1) + 1000]]);
  its.send(pointOf(series[0]!, 3, 0));
  for (const each of series.slice(1)) its.send(pointOf(each, 3, 0));
  its.send(rowOf(series, 4));
  expect(its.left.at(-1)!.rows).toHaveLength(1);
  expect(last(its)).toEqual(CLIENTS.map((_, index) => [1000, 5000, totalOf(index, 1, 4) + (index === 0 ? 1000 : 0)]));
});
