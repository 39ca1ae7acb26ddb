import { expect, test } from "vitest";
import { type ReportOptions, report, type Stats, shownName } from "../../../test/support/gost-streams.ts";
import { processorRig } from "../../../test/support/processor-rig.ts";
import { allPoints } from "../../model/points.ts";
import type { LifeEvent } from "../../model/source-facts.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

/** Alice has two connections open, bob has none; both have counted. */
async function startHandler(options: ReportOptions = { told: "cumulative" }) {
  const rig = await processorRig([deltaToCumulativeProcessor, {}]);
  const reports = (stats: Record<string, Stats>, more: ReportOptions = {}) => {
    rig.clock.advance(5000);
    rig.send(report(rig.table, rig.clock.now(), stats, { ...options, ...more }));
  };
  reports({ alice: [3, 2, 100, 200, 0], bob: [1, 0, 10, 20, 0] });
  const value = (member: string, client: string) => rig.shown.get(shownName(member, client));
  return {
    rig,
    reports,
    says: (...types: readonly LifeEvent["type"][]) => {
      const at = rig.clock.now();
      rig.send(report(rig.table, at, {}, { ...options, life: types.map((type) => ({ type, at })) }));
    },
    received: (client: string) => value("received", client),
    active: () => [value("active", "alice"), value("active", "bob")],
  };
}

test.each([[["began"]], [["closed"]], [["gone"]], [["began", "closed"]], [["closed", "began"]]] as const)(
  "after %j open connections have no value until they are reported again; none stays none",
  async (types) => {
    const { reports, says, active, received } = await startHandler();
    expect(active()).toEqual([2, 0]);
    says(...types);
    expect(active()).toEqual([undefined, 0]);
    expect(received("alice")).toBe(100);
    reports({ bob: [2, 1, 15, 25, 0] });
    expect(active()).toEqual([undefined, 1]);
    reports({ alice: [4, 1, 130, 230, 0] });
    expect(active()).toEqual([1, 1]);
  },
);

test("connections to us that are lost say nothing of its own", async () => {
  const { says, active } = await startHandler();
  says("connections_lost");
  expect(active()).toEqual([2, 0]);
});

test("after another epoch, and after a fall that nothing told, the other clients' open connections have no value", async () => {
  const epoch = await startHandler({ told: "cumulative", epoch: "1" });
  epoch.reports({ bob: [1, 1, 1, 1, 0] }, { epoch: "2" });
  expect(epoch.active()).toEqual([undefined, 1]);
  const fall = await startHandler({ told: "delta", emitters: 1 });
  fall.reports({ bob: [0, 1, 1, 1, 0] });
  expect(fall.active()).toEqual([undefined, 1]);
});

test("what is not known of a level changes nothing of what is counted", async () => {
  for (const sign of [[], ["gone"]] as const) {
    const { reports, says, received, rig } = await startHandler();
    says(...sign);
    says("closed", "began");
    // Alice's old connections may live on, and so may the counters of the instance before the reload; bob's cannot.
    reports({ alice: [3, 2, 150, 200, 0], bob: [1, 0, 10, 20, 0] });
    expect([received("alice"), received("bob")]).toEqual([150, 20]);
    expect(rig.shown.get(shownName("received.uncertain", "alice"))).toBe(100);
  }
});

test("after a restart of ours open connections are as they were, for the first hour; then only what was reported", async () => {
  const { rig, reports, active } = await startHandler();
  reports({ carol: [1, 1, 1, 1, 0] });
  await rig.restart();
  const restored = allPoints(rig.left.at(-1)!).filter(({ series }) => series.metric.name === "active");
  expect(restored.map(({ value }) => value)).toEqual([2, 0, 1]);
  reports({ carol: [2, 2, 5, 5, 0] });
  rig.clock.advance(3_500_000);
  expect(active()).toEqual([2, 0]);
  rig.clock.advance(200_000);
  expect(active()).toEqual([undefined, 0]);
  expect(rig.shown.get(shownName("active", "carol"))).toBe(2);
  await rig.restart();
  expect(
    allPoints(rig.left.at(-1)!).filter(({ series, value }) => series.metric.name === "active" && value === 2),
  ).toHaveLength(1);
});

test("what is told of a source after a restart of ours takes away what was stored of it", async () => {
  const { rig, says, active } = await startHandler();
  await rig.restart();
  says("began");
  expect(active()).toEqual([undefined, 0]);
});

test("a refused delivery takes back that a level is not known", async () => {
  const { rig, says, active } = await startHandler();
  const at = rig.clock.now();
  rig.sendAndRollBack(report(rig.table, at, {}, { told: "cumulative", life: [{ type: "gone", at }] }));
  rig.sendAndRollBack(report(rig.table, at, { carol: [1, 1, 1, 1, 0] }, { told: "cumulative" }));
  expect(active()).toEqual([2, 0]);
  says("gone");
  expect(active()).toEqual([undefined, 0]);
});
