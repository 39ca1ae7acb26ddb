import { expect, test } from "vitest";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report, type Stats, shownName } from "../../../test/support/gost-streams.ts";
import { nameOf, type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import { allPoints, type MetricsBatch, type Point } from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import { deltaToCumulativeProcessor } from "../delta_to_cumulative/index.ts";
import { intervalProcessor } from "./index.ts";

const HOLD_ALL = { pass_through: { non_monotonic_sum: false } };

/** A point of a cumulative sum, or what else is said. */
function point(rig: ProcessorRig, value: number, more: Partial<Metric> & Partial<Point> = {}): MetricsBatch {
  const { time = 1, extra, ...metric } = more;
  const { series } = metricsBatch(1, rig.table).points[0]!;
  const made = rig.table.metric({ ...series.metric, temporality: "cumulative", monotonic: true, ...metric });
  const its = rig.table.series(series.resource, series.scope, made, {});
  return { rows: [], points: [{ series: its, start: 1, time, value, ...(extra && { extra }) }] };
}
const left = (rig: ProcessorRig) =>
  rig.left
    .splice(0)
    .flatMap((batch) => allPoints(batch).map(({ value, extra }) => (extra?.noRecordedValue ? "end" : value)));
const reports = (rig: ProcessorRig, clients: Readonly<Record<string, Stats>>) =>
  rig.send(report(rig.table, rig.clock.now(), clients, { told: "cumulative" }));

test("the newest value of each series is handed on once in an interval, and nothing where nothing came", async () => {
  const rig = await processorRig([intervalProcessor, { interval: "10s" }]);
  for (const value of [1, 2, 3]) rig.send(point(rig, value, { time: value }));
  rig.send(point(rig, 7, { name: "second" }));
  expect(left(rig)).toEqual([]);
  expect(rig.gauges.get("gostcol_interval_held_values")).toBe(2);
  await rig.clock.advanceAsync(10_000);
  expect(left(rig)).toEqual([3, 7]);
  await rig.clock.advanceAsync(10_000);
  expect(left(rig)).toEqual([]);
});

test.each([
  ["deltas", { temporality: "delta" }, {}],
  ["what nobody knows whether it is one", { temporality: "unspecified" }, {}],
  ["sums that go up and down", { monotonic: false }, {}],
  ["gauges where that is asked for", { type: "gauge" }, { pass_through: { gauge: true } }],
] as const)("%s pass at once", async (_, metric, config) => {
  const rig = await processorRig([intervalProcessor, config]);
  rig.send(point(rig, 5, metric));
  expect(left(rig)).toEqual([5]);
});

test("of the numbers of a client those that wait do, and the others pass", async () => {
  const rig = await processorRig([deltaToCumulativeProcessor, {}], [intervalProcessor, {}]);
  reports(rig, { alice: [1, 1, 100, 10, 0] });
  expect(rig.shown.get(shownName("active", "alice"))).toBe(1);
  expect(rig.shown.get(shownName("received", "alice"))).toBeUndefined();
  await rig.clock.advanceAsync(60_000);
  expect(rig.shown.get(shownName("received", "alice"))).toBe(100);
});

test("an older value does not take the place of a newer one, unless it counted more", async () => {
  const rig = await processorRig([intervalProcessor, {}]);
  rig.send(point(rig, 5, { time: 10 }));
  rig.send(point(rig, 4, { time: 9 }));
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([5]);
  rig.send(point(rig, 6, { time: 30 }));
  rig.send(point(rig, 7, { time: 20 }));
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([7]);
});

test("what has no value any more is told at once, behind its last value", async () => {
  const rig = await processorRig([deltaToCumulativeProcessor, {}], [intervalProcessor, HOLD_ALL]);
  reports(rig, { alice: [1, 1, 100, 10, 0] });
  const now = rig.clock.now();
  const life = [{ type: "closed", at: now } as const];
  rig.send({ ...report(rig.table, now, {}, { told: "cumulative", life }), rows: [] });
  const told = rig.left
    .flatMap((batch) => allPoints(batch))
    .filter(({ series }) => nameOf(series) === shownName("active", "alice"));
  expect(told.map(({ value, extra }) => [value, extra?.noRecordedValue])).toEqual([
    [1, undefined],
    [0, true],
  ]);
  await rig.clock.advanceAsync(60_000);
  expect(rig.shown.get(shownName("received", "alice"))).toBe(100);
  expect(rig.shown.get(shownName("active", "alice"))).toBeUndefined();
});

test("what waits when the process ends is handed on by the next one", async () => {
  const rig = await processorRig([intervalProcessor, HOLD_ALL]);
  rig.send(point(rig, 5));
  rig.failNext(); // At the end there is no time left for it.
  await rig.restart();
  expect(left(rig)).toEqual([]);
  rig.send(point(rig, 6, { time: 2 }));
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([5, 6]);
  await rig.restart();
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([]);
});

test("a series that waits is kept, and may be forgotten once it was handed on", async () => {
  const rig = await processorRig([intervalProcessor, {}]);
  const sizeSwept = () => {
    for (let sweep = 0; sweep < 3; sweep++) rig.table.sweep(1);
    return rig.table.size;
  };
  rig.send(point(rig, 5));
  const passing = point(rig, 1, { name: "level", monotonic: false });
  rig.sendAndRollBack({ rows: [], points: [...point(rig, 7, { name: "second" }).points, ...passing.points] });
  expect(sizeSwept()).toBe(1);
  await rig.clock.advanceAsync(60_000);
  expect(sizeSwept()).toBe(0);
});

test("what waits is handed on when the processor stops", async () => {
  const rig = await processorRig([intervalProcessor, {}]);
  rig.send(point(rig, 5));
  await rig.stop();
  expect(left(rig)).toEqual([5]);
});

test("what is refused waits on, and what came later is handed on behind it", async () => {
  const rig = await processorRig([intervalProcessor, {}]);
  rig.send(point(rig, 5));
  rig.failNext();
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([]);
  rig.send(point(rig, 6, { time: 2 }));
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([6]);
});

test("a value whose report is refused does not wait", async () => {
  const rig = await processorRig([intervalProcessor, {}]);
  const level = point(rig, 1, { name: "level", monotonic: false });
  rig.send(point(rig, 5));
  rig.sendAndRollBack({ rows: [], points: [...point(rig, 6, { time: 2 }).points, ...level.points] });
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([5]);
});

test("where no more may wait, values pass as they come", async () => {
  const rig = await processorRig([intervalProcessor, { max_series: 1 }]);
  rig.send(point(rig, 5));
  rig.send(point(rig, 7, { name: "second" }));
  expect(left(rig)).toEqual([7]);
  rig.send(point(rig, 6, { time: 2 }));
  await rig.clock.advanceAsync(60_000);
  expect(left(rig)).toEqual([6]);
});

test("thousands of clients are handed on in parts, each once", async () => {
  const rig = await processorRig([deltaToCumulativeProcessor, {}], [intervalProcessor, HOLD_ALL]);
  const names = Array.from({ length: 2_100 }, (_, index) => `client-${index}`);
  reports(rig, Object.fromEntries(names.map((name): [string, Stats] => [name, [1, 0, 1, 1, 0]])));
  rig.left.length = 0;
  await rig.clock.advanceAsync(60_000);
  const rows = rig.left.map((batch) => batch.rows.length).filter((count) => count > 0);
  expect(rows.reduce((sum, count) => sum + count, 0)).toBe(2_100);
  expect(Math.max(...rows)).toBeLessThanOrEqual(2_000);
});
