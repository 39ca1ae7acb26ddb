import { expect, test } from "vitest";
import { settledReceipt } from "../../src/model/source-facts.ts";
import { dedupeProcessor } from "../../src/processors/dedupe/index.ts";
import { deltaToCumulativeProcessor } from "../../src/processors/delta_to_cumulative/index.ts";
import { type ReportOptions, report, type Stats, shownName } from "../support/gost-streams.ts";
import { processorRig } from "../support/processor-rig.ts";

// What is left out as a repeat though nobody knows, and what becomes of it in the totals.

const STATS: Stats = [2, 1, 79, 865, 0];
const LOST = settledReceipt("unread");

async function reports(options: ReportOptions) {
  const rig = await processorRig([dedupeProcessor, {}], [deltaToCumulativeProcessor, {}]);
  const batch = (stats: Stats, more: ReportOptions) => {
    rig.clock.advance(5000);
    return report(rig.table, rig.clock.now(), { alice: stats }, { ...options, ...more });
  };
  return {
    rig,
    send: (stats: Stats, more: ReportOptions) => rig.send(batch(stats, more)),
    sendAndRollBack: (stats: Stats, more: ReportOptions) => rig.sendAndRollBack(batch(stats, more)),
    received: () => ["received", "received.uncertain"].map((member) => rig.shown.get(shownName(member, "alice"))),
  };
}

test("deltas that may have been news are uncertain from then on, through restarts, and through proofs", async () => {
  const { rig, send, received } = await reports({ told: "delta" });
  send(STATS, { fingerprint: "a" });
  await rig.restart();
  send(STATS, { fingerprint: "a" });
  expect(received()).toEqual([79, 79]);
  await rig.restart();
  expect(received()).toEqual([79, 79]);
  send([3, 0, 1, 1, 0], { fingerprint: "b" });
  expect(received()).toEqual([80, 79]);
});

test("a proven repeat leaves no doubt", async () => {
  const { send, received } = await reports({ told: "delta" });
  send(STATS, { fingerprint: "a", receipt: LOST });
  send(STATS, { fingerprint: "a" });
  expect(received()).toEqual([79, 0]);
});

test("counters of one emitter that have not moved leave no doubt either, those of several do", async () => {
  const one = await reports({ told: "cumulative", emitters: 1 });
  one.send(STATS, { fingerprint: "a" });
  await one.rig.restart();
  one.send(STATS, { fingerprint: "a" });
  expect(one.received()).toEqual([79, 0]);
  const several = await reports({ told: "cumulative", emitters: 3 });
  several.send(STATS, { fingerprint: "a" });
  await several.rig.restart();
  several.send(STATS, { fingerprint: "a" });
  expect(several.received()).toEqual([79, 79]);
});

test("where no mode is told, the proof of one adds nothing of it to the total", async () => {
  const { rig, send, received } = await reports({});
  send(STATS, { fingerprint: "a" });
  await rig.restart();
  send(STATS, { fingerprint: "a" });
  const [total, uncertain] = received();
  expect([total, uncertain]).toEqual([79, 79]);
  for (const [index, bytes] of [60, 50, 40, 30, 20, 10].entries())
    send([3, 1, bytes, 1, 0], { fingerprint: `${index}` });
  expect(rig.counters.get("gostcol_delta_to_cumulative_delta_proofs{}")?.value).toBe(1);
  expect(received()).toEqual([79 + 210, 79]);
});

test("a report that is rolled back leaves no doubt", async () => {
  const { rig, send, sendAndRollBack, received } = await reports({ told: "delta" });
  send(STATS, { fingerprint: "a" });
  await rig.restart();
  sendAndRollBack(STATS, { fingerprint: "a" });
  send([3, 1, 1, 1, 0], { fingerprint: "b" });
  expect(received()).toEqual([80, 0]);
});
