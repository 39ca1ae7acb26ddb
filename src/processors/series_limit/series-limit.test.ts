import { expect, test } from "vitest";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report, type Stats, shownName } from "../../../test/support/gost-streams.ts";
import { nameOf, type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import { seededRandom } from "../../lib/random.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { deltaToCumulativeProcessor } from "../delta_to_cumulative/index.ts";
import { filterProcessor } from "../filter/index.ts";
import { seriesLimitProcessor } from "./index.ts";
import { placesFor, type Stream } from "./streams.ts";

const CONFIG = { limit: 2, attributes: ["client"], rank_by: "received", rebalance_interval: "60s" };

const rigWith = (config: object = {}) =>
  processorRig([deltaToCumulativeProcessor, {}], [seriesLimitProcessor, { ...CONFIG, ...config }]);

/** Reports counters of clients at the present, and lets a second go by. */
function reports(rig: ProcessorRig, clients: Readonly<Record<string, Stats>>): void {
  rig.send(report(rig.table, rig.clock.now(), clients, { told: "cumulative" }));
  rig.clock.advance(1_000);
}
const of = (rig: ProcessorRig, member: string) =>
  Object.fromEntries(
    [...rig.shown].flatMap(([name, value]) => {
      const client = /^([a-z.]+)\{"client":"([^"]*)"/.exec(name);
      return client?.[1] === member ? [[client[2]!, value]] : [];
    }),
  );

test("so many streams have series of their own as there is room, and all others share one", async () => {
  const rig = await rigWith();
  reports(rig, { a: [1, 1, 10, 1, 0], b: [1, 1, 20, 1, 0], c: [1, 1, 5, 1, 0], d: [1, 1, 7, 1, 0] });
  expect(of(rig, "received")).toEqual({ a: 10, b: 20, other: 12 });
  expect(of(rig, "active")).toEqual({ a: 1, b: 1, other: 2 });
  expect(rig.left[0]!.rows).toHaveLength(2);
  expect(rig.left[0]!.rows[0]!.values).toEqual([1, 1, 10, 1, 0]);
  reports(rig, { "": [9, 4, 42, 4, 0], d: [2, 0, 8, 1, 0] });
  expect(of(rig, "received")).toEqual({ a: 10, b: 20, other: 13 });
  expect(of(rig, "active")).toEqual({ a: 1, b: 1, other: 1 });
  expect(rig.shown.get(shownName("received", ""))).toBe(42);
});

test("a larger stream takes the place of the smallest: what it counted stays in the others, and so does what that counts", async () => {
  const rig = await rigWith();
  reports(rig, { a: [1, 1, 10, 1, 0], b: [1, 1, 20, 1, 0], c: [1, 2, 5, 1, 0] });
  reports(rig, { c: [2, 3, 100, 1, 0] });
  expect(of(rig, "received")).toEqual({ a: 10, b: 20, other: 100 });
  rig.clock.advance(60_000);
  reports(rig, { b: [2, 0, 21, 1, 0] });
  expect(of(rig, "received")).toEqual({ b: 21, c: 0, other: 110 });
  expect(of(rig, "active")).toEqual({ b: 0, c: 3, other: 1 });
  const started = allPoints(rig.left.at(-1)!).find(({ series }) => series.attributes["client"] === "c")!;
  expect(started.start).toBe(rig.clock.now() - 1_000);
  expect(started.time).toBe(started.start);
  reports(rig, { c: [3, 0, 130, 1, 0], a: [2, 0, 12, 1, 0] });
  expect(of(rig, "received")).toEqual({ b: 21, c: 30, other: 112 });
  expect(rig.counters.get('gostcol_series_limit_moves{"way":"in"}')?.value).toBe(1);
  expect(rig.counters.get('gostcol_series_limit_moves{"way":"out"}')?.value).toBe(1);
});

test("a stream that is not much larger does not take a place", async () => {
  const rig = await rigWith({ hysteresis: 0.5 });
  reports(rig, { a: [1, 0, 10, 1, 0], b: [1, 0, 20, 1, 0], c: [1, 0, 15, 1, 0] });
  rig.clock.advance(60_000);
  reports(rig, { c: [2, 0, 15, 2, 0] });
  expect(of(rig, "received")).toEqual({ a: 10, b: 20, other: 15 });
});

test("who came first stays where that is asked for", async () => {
  const rig = await rigWith({ members: "first" });
  reports(rig, { a: [1, 0, 10, 1, 0], b: [1, 0, 20, 1, 0], c: [1, 0, 999, 1, 0] });
  rig.clock.advance(60_000);
  reports(rig, { c: [2, 0, 1_999, 2, 0] });
  expect(of(rig, "received")).toEqual({ a: 10, b: 20, other: 1_999 });
});

test("a client that is called as the others are is one of them", async () => {
  const rig = await rigWith();
  reports(rig, { other: [1, 0, 10, 1, 0], a: [1, 0, 20, 1, 0], b: [1, 0, 5, 1, 0], c: [1, 0, 4, 1, 0] });
  expect(of(rig, "received")).toEqual({ a: 20, b: 5, other: 14 });
});

test("after a restart the same streams have series of their own, and the others are shown as they were", async () => {
  const rig = await rigWith();
  reports(rig, { a: [1, 0, 10, 1, 0], b: [1, 0, 20, 1, 0], c: [1, 0, 500, 1, 0], d: [1, 0, 7, 1, 0] });
  const before = rig.left.length;
  await rig.restart();
  const shown = rig.left.slice(before).flatMap((batch) => allPoints(batch));
  const clients = shown.flatMap(({ series }) => series.attributes["client"] ?? []);
  expect(new Set(clients)).toEqual(new Set(["a", "b", "other"]));
  const others = shown.filter(({ series }) => nameOf(series) === shownName("received", "other"));
  expect(new Set(others.map(({ value }) => value))).toEqual(new Set([507]));
});

test("whatever comes, moves, is refused or restarted, the sum is that of the streams, and the others never fall", async () => {
  for (let seed = 1; seed <= 15; seed++) {
    const random = seededRandom(seed);
    const rig = await rigWith({ limit: 1 + random.integer(3), rebalance_interval: "5s", hysteresis: 0 });
    const counters = new Map<string, Stats>();
    const lastOther = new Map<string, number>();
    for (let step = 1; step <= 80; step++) {
      const client = `c${random.integer(7)}`;
      const [conns, , bytes, out] = counters.get(client) ?? [0, 0, 0, 0, 0];
      const grown = random.integer(random.float() < 0.2 ? 100_000 : 100);
      const stats: Stats = [conns + 1, random.integer(3), bytes + grown, out + random.integer(50), 0];
      const batch = report(rig.table, rig.clock.now(), { [client]: stats }, { told: "cumulative" });
      if (random.float() < 0.2) rig.sendAndRollBack(batch);
      else {
        rig.send(batch);
        counters.set(client, stats);
      }
      if (random.float() < 0.08) await rig.restart();
      rig.clock.advance(1_000);
      for (const [index, member] of [
        [2, "received"],
        [3, "transmitted"],
        [1, "active"],
      ] as const) {
        const shown = of(rig, member);
        const wanted = [...counters.values()].reduce((sum, values) => sum + values[index], 0);
        const sum = Object.values(shown).reduce((total, value) => total + value, 0);
        expect({ seed, step, member, sum }).toEqual({ seed, step, member, sum: wanted });
        if (member === "active") continue;
        const { other = 0 } = shown;
        expect(other).toBeGreaterThanOrEqual(lastOther.get(member) ?? 0);
        lastOther.set(member, other);
      }
    }
    await rig.stop();
  }
});

/** A cumulative sum of OTLP's, whose series stand alone. */
function alone(
  table: SeriesTable,
  client: string,
  value: number,
  { time, start = 1 }: { time: number; start?: number },
): MetricsBatch {
  const { series } = metricsBatch(1, table).points[0]!;
  const metric = table.metric({ ...series.metric, name: "received", temporality: "cumulative", monotonic: true });
  return {
    rows: [],
    points: [{ series: table.series(series.resource, series.scope, metric, { client }), start, time, value }],
  };
}

test("a count that begins again is whole in its own series, and what it was before stays in the others", async () => {
  const rig = await processorRig([seriesLimitProcessor, { ...CONFIG, limit: 1 }]);
  rig.send(alone(rig.table, "a", 10, { time: 1 }));
  rig.send(alone(rig.table, "b", 100, { time: 1 }));
  rig.clock.advance(60_000);
  rig.send(alone(rig.table, "b", 110, { time: 2 }));
  expect(of(rig, "received")).toEqual({ b: 0, other: 120 });
  rig.send(alone(rig.table, "b", 30, { time: 3, start: 3 }));
  expect(of(rig, "received")).toEqual({ b: 30, other: 120 });
});

test("a smaller limit takes their series from the smallest streams", () => {
  const stream = (rank: number, isMember: boolean): Stream => ({
    key: String(rank),
    mayBeMember: true,
    units: new Set(),
    rank,
    membership: isMember ? { since: 0, attributes: [] } : undefined,
  });
  const streams = [stream(5, true), stream(1, true), stream(3, true), stream(4, false)];
  const ranks = (limit: number) => {
    const { out, in: coming } = placesFor(streams, { limit, hysteresis: 0 });
    return { out: out.map(({ rank }) => rank), in: coming.map(({ rank }) => rank) };
  };
  expect(ranks(2)).toEqual({ out: [1, 3], in: [4] });
  expect(ranks(3)).toEqual({ out: [1], in: [4] });
  expect(ranks(0)).toEqual({ out: [1, 3, 5], in: [] });
});

test("values that a filter in front took out of rows are missing, and nothing else", async () => {
  const dropped = { metrics: { datapoint: ['metric.name == "conns" and attributes["client"] == "c"'] } };
  const parts = [deltaToCumulativeProcessor, {}] as const;
  const rig = await processorRig(parts, [filterProcessor, dropped], [seriesLimitProcessor, { ...CONFIG, limit: 1 }]);
  reports(rig, { a: [1, 1, 10, 1, 0], b: [2, 1, 20, 1, 0], c: [4, 1, 5, 1, 0] });
  expect(of(rig, "received")).toEqual({ a: 10, other: 25 });
  expect(of(rig, "conns")).toEqual({ a: 1, other: 2 });
});

test("how many streams are among the others is told", async () => {
  const rig = await rigWith();
  reports(rig, { a: [1, 0, 1, 1, 0], b: [1, 0, 1, 1, 0], c: [1, 0, 1, 1, 0] });
  expect(rig.gauges.get("gostcol_series_limit_streams")).toBe(2);
});
