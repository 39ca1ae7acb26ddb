import { expect, test } from "vitest";
import { type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import type { Histogram, Point } from "../../model/points.ts";
import type { Metric, Series } from "../../model/series.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

const DELTA_SUM: Metric = {
  name: "requests",
  unit: "1",
  description: "",
  type: "sum",
  monotonic: true,
  temporality: "delta",
  number: "int",
};

const rigWith = (config: object = {}) => processorRig([deltaToCumulativeProcessor, config]);

function seriesOf(rig: ProcessorRig, metric: Partial<Metric> = {}, attributes = {}): Series {
  const { table } = rig;
  return table.series(
    table.resource({ host: "a" }),
    table.scope("otlp"),
    table.metric({ ...DELTA_SUM, ...metric }),
    attributes,
  );
}

/** Sends one point and gives what left, without its series. */
function send(rig: ProcessorRig, series: Series, start: number, time: number, value: Point["value"]) {
  const before = rig.left.length;
  rig.send({ rows: [], points: [{ series, start, time, value }] });
  return rig.left.slice(before).flatMap(({ points }) => points.map((point) => [point.start, point.time, point.value]));
}

test("delta sums become totals since their first start", async () => {
  const rig = await rigWith();
  const series = seriesOf(rig);
  expect(send(rig, series, 1000, 2000, 5)).toEqual([[1000, 2000, 5]]);
  expect(send(rig, series, 2000, 3000, 7)).toEqual([[1000, 3000, 12]]);
  expect(send(rig, series, 9000, 10_000, 1)).toEqual([[1000, 10_000, 13]]);
  expect(rig.left[0]!.points[0]!.series.metric.temporality).toBe("cumulative");
});

test("points from before the total, or not after its last point, are dropped and counted", async () => {
  const rig = await rigWith();
  const series = seriesOf(rig);
  send(rig, series, 1000, 2000, 5);
  expect(send(rig, series, 500, 3000, 7)).toEqual([]);
  expect(send(rig, series, 1500, 2000, 7)).toEqual([]);
  expect(send(rig, series, 2000, 4000, 1)).toEqual([[1000, 4000, 6]]);
  const dropped = (error: string) =>
    rig.counters.get(`otelcol_deltatocumulative_datapoints{"error":"delta.${error}"}`)?.value;
  expect([dropped("ErrOlderStart"), dropped("ErrOutOfOrder")]).toEqual([1, 1]);
});

test("everything else passes as it came", async () => {
  const rig = await rigWith();
  const points: Point[] = [
    { type: "gauge", temporality: "unspecified" } as const,
    { temporality: "cumulative" } as const,
    { temporality: "cumulative", monotonic: false } as const,
    { temporality: "unspecified" } as const,
  ].map((metric) => ({ series: seriesOf(rig, metric), start: 1, time: 2, value: 3 }));
  rig.send({ rows: [], points });
  expect(rig.left[0]!.points).toEqual(points);
});

test("cumulative: total makes one total of a counter that is reset", async () => {
  const rig = await rigWith({ cumulative: "total" });
  const series = seriesOf(rig, { temporality: "cumulative" });
  expect(send(rig, series, 1000, 2000, 50)).toEqual([[1000, 2000, 50]]);
  expect(send(rig, series, 1000, 3000, 70)).toEqual([[1000, 3000, 70]]);
  expect(send(rig, series, 3500, 4000, 90)).toEqual([[1000, 4000, 160]]);
  expect(send(rig, series, 3500, 5000, 10)).toEqual([[1000, 5000, 170]]);
  await rig.restart();
  expect(send(rig, seriesOf(rig, { temporality: "cumulative" }), 3500, 6000, 15)).toEqual([[1000, 6000, 175]]);
});

test("histograms add their buckets, and begin again with other bounds", async () => {
  const rig = await rigWith();
  const series = seriesOf(rig, { type: "histogram", monotonic: false, number: "double" });
  const first: Histogram = { count: 3, sum: 6, min: 1, max: 3, bounds: [2], counts: [2, 1] };
  send(rig, series, 1000, 2000, first);
  const { min: _, ...withoutMin } = first;
  expect(send(rig, series, 2000, 3000, withoutMin)).toEqual([
    [1000, 3000, { count: 6, sum: 12, max: 3, bounds: [2], counts: [4, 2] }],
  ]);
  const other: Histogram = { ...first, bounds: [5] };
  expect(send(rig, series, 3000, 4000, other)).toEqual([[3000, 4000, other]]);
});

test("a total is forgotten when no point came for max_stale, in the store as well", async () => {
  const rig = await rigWith({ max_stale: "2m" });
  const series = seriesOf(rig);
  send(rig, series, 1000, 2000, 5);
  rig.clock.advance(60_000);
  expect(send(rig, series, 2000, 3000, 5)).toEqual([[1000, 3000, 10]]);
  rig.clock.advance(180_000);
  expect(send(rig, series, 3000, 4000, 5)).toEqual([[3000, 4000, 5]]);
  rig.clock.advance(180_000);
  const batches = rig.left.length;
  await rig.restart();
  expect(rig.left).toHaveLength(batches);
});

test("totals of delta sums survive a restart, and a delivery that is rolled back changes nothing", async () => {
  const rig = await rigWith();
  send(rig, seriesOf(rig), 1000, 2000, 5);
  rig.sendAndRollBack({ rows: [], points: [{ series: seriesOf(rig), start: 2000, time: 3000, value: 100 }] });
  rig.sendAndRollBack({
    rows: [],
    points: [{ series: seriesOf(rig, {}, { b: 1n }), start: 2000, time: 3000, value: 100 }],
  });
  await rig.restart();
  expect(rig.left.at(-1)!.points.map(({ value }) => value)).toEqual([5]);
  expect(send(rig, seriesOf(rig), 2000, 4000, 2)).toEqual([[1000, 4000, 7]]);
});

test("identities come back from the store with every kind of attribute value", async () => {
  const rig = await rigWith();
  const attributes = { b: 2n ** 60n, bytes: new Uint8Array([1, 2]), list: ["x", 1.5, true], nan: Number.NaN };
  send(rig, seriesOf(rig, {}, attributes), 1000, 2000, 5);
  await rig.restart();
  expect(rig.left.at(-1)!.points[0]!.series.attributes).toEqual(attributes);
  expect(send(rig, seriesOf(rig, {}, attributes), 2000, 3000, 5)).toEqual([[1000, 3000, 10]]);
});

test("series that differ in what JSON leaves out have totals of their own, after a restart too", async () => {
  const rig = await rigWith();
  const named = (value: string) => Object.fromEntries([["__proto__", value]]);
  const all = () =>
    [{ a: 0 }, { a: -0 }, {}, named("x"), named("y")].map((attributes) => seriesOf(rig, {}, attributes));
  for (const [index, series] of all().entries()) send(rig, series, 1000, 2000, 10 ** index);
  await rig.restart();
  expect(all().map((series, index) => send(rig, series, 2000, 3000, 10 ** index)[0]![2])).toEqual([
    2, 20, 200, 2000, 20_000,
  ]);
});
