import { expect, test } from "vitest";
import { type ReportOptions, report, type Stats } from "../../../test/support/gost-streams.ts";
import { processorRig } from "../../../test/support/processor-rig.ts";
import type { LifeEvent } from "../../model/source-facts.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

type Kind = "service" | "handler";

/** A service of which either level reports, or both. Time is in seconds since the test began. */
async function startService(told: "delta" | "cumulative" = "delta") {
  const rig = await processorRig([deltaToCumulativeProcessor, {}]);
  const beganAt = rig.clock.now();
  const send = (kind: Kind, stats: Record<string, Stats>, more: ReportOptions) =>
    rig.send(report(rig.table, rig.clock.now(), stats, { kind, told, ...more }));
  return {
    rig,
    at: (seconds: number) => rig.clock.advance(beganAt + seconds * 1000 - rig.clock.now()),
    reports: (kind: Kind, stats: Stats, more: ReportOptions = {}) =>
      send(kind, { [kind === "service" ? "" : "alice"]: stats }, more),
    /** Both levels hear of it. */
    says: (...types: readonly LifeEvent["type"][]) => {
      const life = types.map((type) => ({ type, at: rig.clock.now() }));
      for (const kind of ["service", "handler"] as const) send(kind, {}, { life });
    },
    unreported: () => rig.shown.get('unreported{"service":"web"}'),
    lives: (sign: string) => rig.counters.get(`gostcol_delta_to_cumulative_lives{"sign":"${sign}"}`)!.value,
  };
}

test("a service of which only the handler reports shows it too: zero at first, then up to what told the restart", async () => {
  const { at, reports, unreported } = await startService();
  reports("handler", [5, 0, 100, 100, 0]);
  expect(unreported()).toBe(0);
  at(30);
  reports("handler", [1, 0, 100, 100, 0]);
  expect(unreported()).toBe(30);
});

test("one restart counts once, whichever level reports first after it, and from the last report of either", async () => {
  for (const order of [
    ["service", "handler"],
    ["handler", "service"],
  ] as const) {
    const { at, reports, says, unreported } = await startService();
    reports("handler", [5, 0, 100, 100, 0]);
    reports("service", [5, 0, 100, 100, 0]);
    at(60);
    reports("service", [6, 0, 9, 9, 1]); // A refused login: nothing at handler level.
    at(63);
    says("began");
    at(68);
    reports(order[0], [1, 0, 100, 100, 0]);
    expect(unreported()).toBe(3);
    at(500);
    reports(order[1], [1, 0, 100, 100, 0]);
    expect(unreported()).toBe(3);
  }
});

test("a restart that nobody told counts once, though both levels fall, and whole, though only one does", async () => {
  const both = await startService();
  for (const kind of ["service", "handler"] as const) both.reports(kind, [5, 0, 100, 100, 0]);
  both.at(10);
  both.reports("service", [1, 0, 7, 7, 0]);
  both.at(60);
  both.reports("handler", [1, 0, 7, 7, 0]);
  expect(both.unreported()).toBe(10);

  const one = await startService();
  for (const kind of ["service", "handler"] as const) one.reports(kind, [5, 0, 100, 100, 0]);
  one.at(10);
  one.reports("service", [6, 0, 7, 7, 0]);
  one.reports("handler", [1, 0, 7, 7, 0]);
  expect(one.unreported()).toBe(10);
});

test("it survives a restart of ours, is shown at once, and never falls when the other level begins to report", async () => {
  const { rig, at, reports, says, unreported } = await startService();
  reports("handler", [5, 0, 100, 100, 0]);
  at(20);
  reports("handler", [1, 0, 100, 100, 0]);
  expect(unreported()).toBe(20);
  await rig.restart();
  const restored = rig.left.at(-1)!.points.filter(({ series }) => series.metric.name === "unreported");
  expect(restored.map(({ value }) => value)).toEqual([20]);
  at(30);
  reports("service", [1, 0, 100, 100, 0]);
  expect(unreported()).toBe(20);
  at(34);
  says("began");
  at(40);
  reports("service", [1, 0, 100, 100, 0]);
  expect(unreported()).toBe(24);
});

test("the first start of a service is no restart: there was nothing before it that was counted", async () => {
  const { at, reports, says, lives, unreported } = await startService();
  says("began");
  at(5);
  for (const kind of ["service", "handler"] as const) reports(kind, [1, 0, 100, 100, 0]);
  expect([lives("restart"), unreported()]).toEqual([0, 0]);
  at(10);
  says("began");
  at(15);
  for (const kind of ["service", "handler"] as const) reports(kind, [1, 0, 100, 100, 0]);
  expect([lives("restart"), unreported()]).toEqual([2, 5]);
});
