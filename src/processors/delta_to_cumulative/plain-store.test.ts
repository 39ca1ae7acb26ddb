import { expect, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { silentLog } from "../../../test/support/silent-log.ts";
import type { Meter } from "../../component/meter.ts";
import { Refusal } from "../../component/refusal.ts";
import type { Transaction } from "../../component/store.ts";
import { memoryStore } from "../../kit/memory-store.ts";
import { NEVER } from "../../lib/abort.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import { allPoints, type MetricsBatch, Row } from "../../model/points.ts";
import type { Metric, Series } from "../../model/series.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { Deliveries } from "../../pipeline/deliveries.ts";
import { componentStore } from "../../service/component-store.ts";
import { configSchema } from "./config.ts";
import { PlainTotals } from "./plain-totals.ts";
import { type Outgoing, Staging } from "./staging.ts";
import type { Counters } from "./telemetry.ts";

const METRIC: Metric = { ...COUNTER, name: "io", temporality: "delta" };

/** Processors over one store that ends with the process, one after the other. */
function memoryRig() {
  const backend = memoryStore();
  const table = new SeriesTable();
  const counter = { value: 0 };
  const meter: Meter = { counter: () => counter, gauge: () => () => {}, histogram: () => ({ record() {} }) } as never;
  const deliver = new Deliveries({ backend, clock: virtualClock(), log: silentLog, meter }).deliverer([], meter);
  const config = configSchema.parse({ cumulative: "total" });
  const counters = { counted: counter, dropped: {} } as unknown as Counters;
  const run = (work: (transaction: Transaction) => void) =>
    deliver(
      { peer: { address: "", transport: "internal" }, upperBound: { items: 0, bytes: 0 }, signal: NEVER },
      ({ transaction }) => work(transaction),
    );
  const take = (to: PlainTotals, { rows, points }: MetricsBatch, transaction: Transaction): Outgoing => {
    const staging = new Staging(transaction, 0);
    for (const row of rows) to.addRow(row, staging);
    for (const point of points) to.add(point, staging);
    return staging;
  };
  return {
    table,
    /** How many values the store has. */
    async stored(): Promise<number> {
      let count = 0;
      for (const name of await backend.scopes!.names(NEVER)) count += await backend.count({ name } as never, NEVER);
      return count;
    },
    series: (attributes: Series["attributes"], temporality: Metric["temporality"] = "delta") =>
      table.series(table.resource({}), table.scope(""), table.metric({ ...METRIC, temporality }), attributes),
    async next(): Promise<PlainTotals> {
      const totals = new PlainTotals(config, counters, componentStore(backend, "it"), table);
      await totals.load(0, NEVER);
      return totals;
    },
    /** What leaves. */
    send(to: PlainTotals, batch: MetricsBatch) {
      let left: Outgoing = { rows: [], points: [] };
      run((transaction) => {
        left = take(to, batch, transaction);
      });
      return allPoints(left);
    },
    sendAndRollBack(to: PlainTotals, batch: MetricsBatch) {
      run((transaction) => {
        take(to, batch, transaction);
        throw new Refusal("retryable", "test", "refused by the test");
      });
    },
    expire: (to: PlainTotals) => run((transaction) => to.expire(to.stale(Number.POSITIVE_INFINITY), transaction)),
    shown(of: PlainTotals) {
      const outgoing: Outgoing = { rows: [], points: [] };
      for (const show of of.stored()) show(0, outgoing);
      return allPoints(outgoing).map(({ value }) => value);
    },
  };
}

const pointOf = (series: Series, round: number, value: number): MetricsBatch => ({
  rows: [],
  points: [{ series, start: 1000, time: (round + 1) * 1000, value }],
});
const rowOf = (series: readonly Series[], round: number): MetricsBatch => ({
  rows: [
    new Row(
      series,
      round * 1000,
      (round + 1) * 1000,
      series.map((_, index) => 10 ** index),
    ),
  ],
  points: [],
});

test("the next processor finds the totals as they are, of rows and of single series", async () => {
  const its = memoryRig();
  const series = ["a", "b", "c", "d", "e"].map((client) => its.series({ client }));
  const first = await its.next();
  for (const round of [1, 2, 3]) its.send(first, rowOf(series, round));
  its.send(first, pointOf(series[2]!, 4, 7));
  for (const round of [5, 6]) its.send(first, rowOf(series, round));
  first.dispose();
  const second = await its.next();
  second.dispose(); // It has changed nothing, so the next one finds the same.
  const third = await its.next();
  const shown = its.send(third, rowOf(series, 7));
  expect(shown.map(({ value }) => value)).toEqual([6, 60, 607, 6000, 60_000]);
  third.dispose();
  expect(its.shown(await its.next())).toEqual([6, 60, 607, 6000, 60_000]);
});

test("the store has one value, however many totals there are", async () => {
  const its = memoryRig();
  const totals = await its.next();
  its.send(totals, rowOf([its.series({ client: "a" }), its.series({ client: "b" })], 1));
  its.send(totals, pointOf(its.series({ client: "c" }), 1, 5));
  expect(await its.stored()).toBe(1);
});

test("what was rolled back, or has expired, the next processor does not find", async () => {
  const its = memoryRig();
  const first = await its.next();
  const series = its.series({ client: "a" });
  its.sendAndRollBack(first, pointOf(series, 1, 5));
  expect(await its.stored()).toBe(0);
  its.send(first, pointOf(series, 1, 6));
  its.sendAndRollBack(first, pointOf(series, 2, 5));
  its.sendAndRollBack(first, pointOf(its.series({ client: "b" }), 2, 5));
  first.dispose();
  const second = await its.next();
  expect(its.shown(second)).toEqual([6]);
  its.expire(second);
  second.dispose();
  expect(its.shown(await its.next())).toEqual([]);
});

test("a total has the very attributes of what is reported, and its series is let go with the processor", async () => {
  const its = memoryRig();
  const totals = await its.next();
  const series = its.series({ b: "1", a: "2" });
  const [shown] = its.send(totals, pointOf(series, 1, 5));
  expect(shown!.series.attributes).toBe(series.attributes);
  expect(shown!.series.lease.pins).toBe(1);
  totals.dispose();
  totals.dispose();
  expect(shown!.series.lease.pins).toBe(0);
});

test("what is reported as deltas and as a whole has two totals", async () => {
  const its = memoryRig();
  const totals = await its.next();
  const [deltas, whole] = [its.series({ a: "x" }), its.series({ a: "x" }, "cumulative")];
  its.send(totals, pointOf(deltas, 1, 5));
  its.send(totals, pointOf(whole, 1, 100));
  expect(its.send(totals, pointOf(deltas, 2, 5))[0]!.value).toBe(10);
  totals.dispose();
  const next = await its.next();
  expect(its.send(next, pointOf(whole, 3, 130))[0]!.value).toBe(130);
  expect(its.send(next, pointOf(deltas, 3, 5))[0]!.value).toBe(15);
});
