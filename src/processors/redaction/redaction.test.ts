import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report, type Stats, shownName } from "../../../test/support/gost-streams.ts";
import { nameOf, processorRig } from "../../../test/support/processor-rig.ts";
import { type Random, seededRandom } from "../../lib/random.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import { allPoints, type MetricsBatch, type PointValue } from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import type { TracesBatch } from "../../model/spans.ts";
import { deltaToCumulativeProcessor } from "../delta_to_cumulative/index.ts";
import { redactionProcessor } from "./index.ts";

const MASKED = { allow_all_keys: true, attributes: [{ key: "client", action: "mask" }] };
const HASHED = {
  allow_all_keys: true,
  attributes: [{ key: "client", action: "hash" }],
  hash_function: "hmac-sha256",
  hmac_key: "k",
};

const rigWith = (config: object) => processorRig([deltaToCumulativeProcessor, {}], [redactionProcessor, config]);
const received = (client: string) => shownName("received", client);

/** One of several series that differ in their client alone. */
function point(
  table: SeriesTable,
  client: string,
  value: PointValue,
  { time = 1, start = 1, ...metric }: Partial<Metric> & { time?: number; start?: number } = {},
): MetricsBatch {
  const { series } = metricsBatch(1, table).points[0]!;
  const made = table.metric({ ...series.metric, temporality: "cumulative", monotonic: true, ...metric });
  const attributes = client === "" ? {} : { client };
  return {
    rows: [],
    points: [{ series: table.series(series.resource, series.scope, made, attributes), start, time, value }],
  };
}
const last = (batches: readonly MetricsBatch[]) => allPoints(batches.at(-1)!);

test("two clients that become one are added up, and none of it is lost", async () => {
  const rig = await rigWith(MASKED);
  rig.send(report(rig.table, 1_000, { alice: [1, 1, 100, 10, 0], bob: [2, 1, 50, 5, 1] }, { told: "cumulative" }));
  expect(rig.shown.get(received("****"))).toBe(150);
  expect(rig.shown.get(shownName("active", "****"))).toBe(2);
  rig.send(report(rig.table, 2_000, { bob: [2, 0, 80, 5, 1] }, { told: "cumulative" }));
  expect(rig.shown.get(received("****"))).toBe(180);
  expect(rig.shown.get(shownName("active", "****"))).toBe(1);
  expect([...rig.shown.keys()].filter((name) => /alice|bob/.test(name))).toEqual([]);
});

test("a hash keeps clients apart, so their rows pass whole", async () => {
  const rig = await rigWith(HASHED);
  rig.send(report(rig.table, 1_000, { alice: [1, 1, 100, 10, 0], bob: [2, 1, 50, 5, 1] }, { told: "cumulative" }));
  expect(rig.left[0]!.rows).toHaveLength(2);
  expect([...rig.shown].filter(([name]) => name.startsWith("received{")).map(([, value]) => value)).toEqual([100, 50]);
  expect([...rig.shown.keys()].filter((name) => /alice|bob/.test(name))).toEqual([]);
});

test("a sum goes on after a restart without ever being shown lower", async () => {
  const rig = await rigWith(MASKED);
  const clients = Object.fromEntries(
    Array.from({ length: 5 }, (_, index): [string, Stats] => [`client-${index}`, [1, 0, 100, 10, 0]]),
  );
  const now = rig.clock.now();
  rig.send(report(rig.table, now, clients, { told: "cumulative" }));
  const before = rig.left.length;
  await rig.restart();
  const shown = rig.left
    .slice(before)
    .flatMap((batch) => allPoints(batch))
    .filter(({ series }) => nameOf(series) === received("****"));
  expect(new Set(shown.map(({ value }) => value))).toEqual(new Set([500]));
  rig.send(report(rig.table, now + 5_000, { "client-3": [2, 0, 130, 10, 0] }, { told: "cumulative" }));
  expect(rig.shown.get(received("****"))).toBe(530);
});

test("whatever is refused, restarted and masked, the sums are those of the totals", async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const rig = await rigWith(seed % 2 === 0 ? MASKED : { ...MASKED, allow_all_keys: false, allowed_keys: ["kind"] });
    const counters = new Map<string, Stats>();
    for (let step = 1; step <= 60; step++) {
      const client = `client-${pick(random, 4)}`;
      const [conns, , bytes, out] = counters.get(client) ?? [0, 0, 0, 0, 0];
      const stats: Stats = [conns + 1, 0, bytes + pick(random, 1_000), out + pick(random, 1_000), 0];
      const batch = report(rig.table, rig.clock.now() + step * 5_000, { [client]: stats }, { told: "cumulative" });
      if (random.float() < 0.2) rig.sendAndRollBack(batch);
      else {
        rig.send(batch);
        counters.set(client, stats);
      }
      if (random.float() < 0.1) await rig.restart();
      const sum = [...counters.values()].reduce((total, [, , value]) => total + value, 0);
      const shown = [...rig.shown].filter(([name]) => name.startsWith("received{")).map(([, value]) => value);
      expect([seed, step, ...shown]).toEqual(counters.size === 0 ? [seed, step] : [seed, step, sum]);
    }
    await rig.stop();
  }
});

const pick = (random: Random, below: number) => random.integer(below);

test("what was there unredacted joins the sum of those that become the same", async () => {
  const rig = await processorRig([redactionProcessor, { allowed_keys: [] }]);
  rig.send(point(rig.table, "", 70));
  expect(last(rig.left).map(({ value }) => value)).toEqual([70]);
  rig.send(point(rig.table, "alice", 5));
  expect(last(rig.left).map(({ value }) => value)).toEqual([75]);
  rig.send(point(rig.table, "", 80, { time: 2 }));
  expect(last(rig.left).map(({ value }) => value)).toEqual([85]);
  await rig.restart();
  rig.send(point(rig.table, "", 90, { time: 3 }));
  expect(last(rig.left).map(({ value }) => value)).toEqual([95]);
});

test("a series that began again is added to what it was before, one that ended stays in the sum", async () => {
  const rig = await processorRig([redactionProcessor, MASKED]);
  rig.send(point(rig.table, "alice", 100));
  rig.send(point(rig.table, "bob", 10));
  rig.send(point(rig.table, "alice", 3, { time: 2 }));
  expect(last(rig.left)).toMatchObject([{ value: 113, start: 1 }]);
  rig.send(point(rig.table, "alice", 50, { time: 3, start: 3 }));
  const [ended] = point(rig.table, "alice", 0, { time: 4 }).points;
  rig.send({ rows: [], points: [{ ...ended!, extra: { noRecordedValue: true } }] });
  rig.send(point(rig.table, "bob", 11, { time: 4 }));
  expect(last(rig.left)).toMatchObject([{ value: 164, start: 1, time: 4 }]);
});

test("the times of a sum do not go back, and a value older than a series' last is left out and counted", async () => {
  const rig = await processorRig([redactionProcessor, MASKED]);
  rig.send(point(rig.table, "alice", 100, { time: 10 }));
  rig.send(point(rig.table, "bob", 10, { time: 5 }));
  expect(last(rig.left)).toMatchObject([{ value: 110, time: 10 }]);
  rig.send(point(rig.table, "alice", 90, { time: 9 }));
  expect(rig.counters.get('gostcol_redaction_dropped{"reason":"out_of_order"}')?.value).toBe(1);
  rig.send(point(rig.table, "bob", 11, { time: 11 }));
  expect(last(rig.left)).toMatchObject([{ value: 111, time: 11 }]);
});

test("levels are added while they are there, deltas where they come together, and of the rest the newest stands", async () => {
  const rig = await processorRig([redactionProcessor, MASKED]);
  const both = (alice: PointValue, bob: PointValue, metric: Partial<Metric>): MetricsBatch => ({
    rows: [],
    points: [...point(rig.table, "alice", alice, metric).points, ...point(rig.table, "bob", bob, metric).points],
  });
  const level = { name: "level", type: "gauge", unit: "{connection}" } as const;
  rig.send(both(3, 4, level));
  expect(last(rig.left)).toMatchObject([{ value: 7 }]);
  const ended = both(0, 0, level).points.map((one) => ({ ...one, extra: { noRecordedValue: true } }));
  rig.send({ rows: [], points: ended.slice(0, 1) });
  expect(last(rig.left)).toMatchObject([{ value: 4 }]);
  rig.send({ rows: [], points: ended.slice(1) });
  expect(last(rig.left)).toMatchObject([{ extra: { noRecordedValue: true } }]);
  rig.send(both(3, 4, { name: "delta", temporality: "delta" }));
  expect(last(rig.left)).toMatchObject([{ value: 7 }]);
  rig.send(both(3, 4, { name: "degrees", type: "gauge", unit: "Cel" }));
  expect(last(rig.left)).toMatchObject([{ value: 3 }, { value: 4 }]);
  const histogram = (count: number) => ({ count, sum: count, bounds: [1], counts: [count, 0] });
  rig.send(both(histogram(3), histogram(4), { name: "histogram", type: "histogram" }));
  await rig.restart();
  rig.send(point(rig.table, "bob", histogram(5), { name: "histogram", type: "histogram", time: 2 }));
  expect(last(rig.left)).toMatchObject([{ value: { count: 8, sum: 8, counts: [8, 0] } }]);
});

test("series beyond the limit are left out and counted", async () => {
  const rig = await processorRig([redactionProcessor, { ...MASKED, max_series: 1 }]);
  rig.send(point(rig.table, "alice", 100));
  rig.send(point(rig.table, "bob", 10));
  rig.send(point(rig.table, "alice", 101, { time: 2 }));
  expect(last(rig.left)).toMatchObject([{ value: 101 }]);
  expect(rig.counters.get('gostcol_redaction_dropped{"reason":"limit"}')?.value).toBe(1);
});

test("spans, their events, log records, and what they come from are redacted", async () => {
  const rig = componentRig(redactionProcessor, redactionProcessor.config.parse({}));
  const sample = (name: string) => SAMPLES.find((one) => one.name === name)!.batch(rig.series);
  const { spans } = sample("traces") as TracesBatch;
  const event = { timeNanos: 1n, name: "e", attributes: { a: "x" } };
  await rig.consume("traces", { spans: [{ ...spans[0]!, events: [event] }] });
  const [span] = (rig.handedOn.at(-1) as TracesBatch).spans;
  expect(span).toMatchObject({ attributes: {}, events: [{ name: "e", attributes: {} }], resource: { attributes: {} } });
  const { records } = sample("logs") as LogsBatch;
  await rig.consume("logs", { records: [{ ...records[0]!, body: { a: "x" }, attributes: { b: "y" } }] });
  expect((rig.handedOn.at(-1) as LogsBatch).records[0]).toMatchObject({ body: {}, attributes: {} });
});
