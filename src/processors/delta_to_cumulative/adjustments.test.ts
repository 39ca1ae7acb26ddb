import { expect, test } from "vitest";
import { type ReportOptions, report, shownName } from "../../../test/support/gost-streams.ts";
import { processorRig } from "../../../test/support/processor-rig.ts";
import type { Adjustment } from "../../component/totals.ts";
import { NEVER } from "../../lib/abort.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

const ALICE = { node: "edge-1", kind: "handler", service: "web", client: "alice" };
const DELTA: ReportOptions = { told: "delta" };

async function rigWithAlice() {
  const rig = await processorRig([deltaToCumulativeProcessor, {}]);
  const stats = (received: number) => {
    rig.clock.advance(5000);
    rig.send(report(rig.table, rig.clock.now(), { alice: [1, 0, received, 0, 0] }, DELTA));
  };
  const adjust = (by: number, more: Partial<Adjustment> = {}) => {
    const adjustment = {
      id: `id${by}`,
      total: { owner: ALICE, metric: "received" },
      by,
      reason: "because",
      at: 1,
      ...more,
    };
    return rig.processors[0]!.adjust!(adjustment, NEVER);
  };
  const shown = (name: string) => rig.shown.get(shownName(name, "alice"));
  return { rig, stats, adjust, shown };
}

test("a correction stands beside its total, in the store too, and the total goes on", async () => {
  const { rig, stats, adjust, shown } = await rigWithAlice();
  stats(100);
  expect(shown("received.adjustment")).toBeUndefined();
  expect(await adjust(-30)).toEqual({ value: 100, adjustment: -30 });
  expect(await adjust(5)).toEqual({ value: 100, adjustment: -25 });
  expect([shown("received"), shown("received.adjustment")]).toEqual([100, -25]);
  await rig.restart();
  stats(10);
  expect([shown("received"), shown("received.adjustment")]).toEqual([110, -25]);
  const series = rig.left.at(-1)!.points.find((point) => point.series.metric.name === "received.adjustment")!.series;
  expect(series.metric).toMatchObject({ type: "sum", monotonic: false, temporality: "cumulative" });
});

test("one that is sent twice counts once, before a restart and after it", async () => {
  const { rig, stats, adjust } = await rigWithAlice();
  stats(100);
  await adjust(-30);
  expect(await adjust(-30)).toEqual({ value: 100, adjustment: -30 });
  await rig.restart();
  expect(await adjust(-30)).toEqual({ value: 100, adjustment: -30 });
});

test("of one that is not kept nothing stays", async () => {
  const { rig, stats, adjust, shown } = await rigWithAlice();
  stats(100);
  rig.failNext();
  await expect(adjust(-30)).rejects.toMatchObject({ kind: "retryable" });
  stats(1);
  expect(shown("received.adjustment")).toBeUndefined();
  expect(await adjust(-30)).toEqual({ value: 101, adjustment: -30 });
});

test.each([
  ["nobody's total", { total: { owner: { node: "x", kind: "handler", service: "web" }, metric: "received" } }],
  ["no total of the stream", { total: { owner: ALICE, metric: "sent" } }],
  ["a level", { total: { owner: ALICE, metric: "active" } }],
  ["another direction", { total: { owner: ALICE, metric: "received", direction: "transmit" } }],
  ["more than there is", { by: -101 }],
  ["nothing", { by: 0 }],
  ["no number", { by: Number.NaN }],
  ["what cannot be counted", { by: Number.MAX_SAFE_INTEGER }],
  ["no reason", { reason: "  " }],
  ["an essay", { reason: "x".repeat(501) }],
])("%s is refused, and changes nothing", async (_, more) => {
  const { stats, adjust, shown } = await rigWithAlice();
  stats(100);
  await expect(adjust(-30, more)).rejects.toMatchObject({ name: "AdjustmentError" });
  expect(shown("received.adjustment")).toBeUndefined();
});

test("there is a limit to how many there can be of one total", async () => {
  const { stats, adjust } = await rigWithAlice();
  stats(100);
  for (let index = 0; index < 1000; index++) await adjust(1, { id: String(index) });
  await expect(adjust(1, { id: "1000" })).rejects.toThrow("there are 1000 corrections of it already");
  expect(await adjust(1, { id: "999" })).toEqual({ value: 100, adjustment: 1000 });
});

test("a processor that was stopped meanwhile has it tried again", async () => {
  const { rig, stats, adjust } = await rigWithAlice();
  stats(100);
  await rig.stop();
  await expect(adjust(-30)).rejects.toMatchObject({ kind: "retryable" });
});
