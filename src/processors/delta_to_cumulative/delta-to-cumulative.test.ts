import { expect, test } from "vitest";
import { type ReportOptions, report, type Stats, shownName } from "../../../test/support/gost-streams.ts";
import { type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import { allPoints, type Row } from "../../model/points.ts";
import type { LifeEvent } from "../../model/source-facts.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

/** A rig with a source of one client, whose reports come five seconds apart. */
async function aliceReports(config: object = {}, options: ReportOptions = {}) {
  const rig = await processorRig([deltaToCumulativeProcessor, config]);
  const life = (...types: readonly LifeEvent["type"][]) => {
    const at = rig.clock.now();
    rig.send(report(rig.table, at, {}, { ...options, life: types.map((type) => ({ type, at })) }));
  };
  const stats = (values: Stats, more: ReportOptions = {}) => {
    rig.clock.advance(5000);
    rig.send(report(rig.table, rig.clock.now(), { alice: values }, { ...options, ...more }));
    return totals(rig);
  };
  return { rig, life, stats };
}

const shown = (rig: ProcessorRig, member: string) => rig.shown.get(shownName(member, "alice"));
const totals = (rig: ProcessorRig) =>
  ["conns", "active", "received", "transmitted", "errors"].map((member) => shown(rig, member));
const unreported = (rig: ProcessorRig) => rig.shown.get('unreported{"service":"web"}');

const CUMULATIVE: ReportOptions = { told: "cumulative" };
const DELTA: ReportOptions = { told: "delta" };

test("a stream that is seen for the first time counts in whole, for it began at zero", async () => {
  const { stats } = await aliceReports({}, CUMULATIVE);
  expect(stats([3, 1, 100, 200, 2])).toEqual([3, 1, 100, 200, 2]);
});

test("initial_value: drop leaves out what was counted before us, but not where the beginning was told", async () => {
  const before = await aliceReports({ initial_value: "drop" }, CUMULATIVE);
  expect(before.stats([3, 1, 100, 200, 2])).toEqual([0, 1, 0, 0, 0]);
  expect(before.stats([4, 0, 150, 260, 2])).toEqual([1, 0, 50, 60, 0]);
  const told = await aliceReports({ initial_value: "drop" }, CUMULATIVE);
  told.life("began");
  expect(told.stats([3, 1, 100, 200, 2])).toEqual([3, 1, 100, 200, 2]);
  const deltas = await aliceReports({ initial_value: "drop" }, DELTA);
  expect(deltas.stats([3, 1, 100, 200, 2])).toEqual([0, 1, 100, 200, 0]);
});

test("told cumulative: what values grew by is added, equal ones add nothing", async () => {
  const { stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 1, 235, 632, 0]);
  expect(stats([1, 1, 235, 632, 0])).toEqual([1, 1, 235, 632, 0]);
  expect(stats([2, 0, 240, 700, 1])).toEqual([2, 0, 240, 700, 1]);
});

test("told deltas: bytes are added, connections and errors are counters all the same", async () => {
  const { stats } = await aliceReports({}, DELTA);
  stats([2, 1, 79, 865, 0]);
  expect(stats([3, 0, 79, 865, 1])).toEqual([3, 0, 158, 1730, 1]);
  expect(stats([3, 0, 0, 5, 1])).toEqual([3, 0, 158, 1735, 1]);
});

test("a fall of any counter begins a new lineage for all of them, and tells how long nothing was reported", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([10, 0, 1000, 2000, 5]);
  expect(unreported(rig)).toBe(0);
  // Input is above its last value and counts in whole all the same: the process that said 1000 is gone.
  expect(stats([1, 0, 1500, 300, 0])).toEqual([11, 0, 2500, 2300, 5]);
  expect(unreported(rig)).toBe(5);
});

test("after a beginning that was told the next value counts in whole, though it is larger than the last", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 100, 100, 0]);
  rig.clock.advance(3000);
  life("began");
  expect(stats([2, 0, 150, 170, 0])).toEqual([3, 0, 250, 270, 0]);
  expect(stats([3, 0, 160, 180, 0])).toEqual([4, 0, 260, 280, 0]);
  expect(unreported(rig)).toBe(3);
});

test.each([3_600_000, -3_600_000])("a clock that was set by %d ms hides no beginning, and makes none", async (ms) => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  life("began");
  stats([2, 1, 10, 10, 0]);
  rig.clock.setWallTime(rig.clock.now() + ms);
  expect(stats([3, 1, 15, 12, 0])).toEqual([3, 1, 15, 12, 0]);
  life("began");
  expect(stats([4, 1, 20, 20, 0])).toEqual([7, 1, 35, 32, 0]);
  life("began");
  rig.clock.setWallTime(rig.clock.now() - ms);
  expect(stats([5, 1, 30, 30, 0])).toEqual([12, 1, 65, 62, 0]);
});

test("a process that told its end counted nothing between that and the next beginning", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 100, 100, 0]);
  rig.clock.advance(2000);
  life("closed");
  rig.clock.advance(600_000);
  life("began");
  expect(stats([1, 0, 100, 100, 0])).toEqual([2, 0, 200, 200, 0]);
  expect(unreported(rig)).toBe(2);
});

test.each<readonly LifeEvent["type"][]>([
  ["began", "closed"],
  ["closed", "began"],
])("a reload (%s, %s) with nothing open begins a new lineage, and nothing went unreported", async (first, second) => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  stats([5, 0, 500, 500, 0]);
  life(first, second);
  expect(stats([6, 0, 600, 700, 0])).toEqual([11, 0, 1100, 1200, 0]);
  expect(unreported(rig)).toBe(0);
});

test("a reload with connections open keeps the lineage: the old instance reports on", async () => {
  const { life, stats } = await aliceReports({}, CUMULATIVE);
  stats([5, 2, 500, 500, 0]);
  life("began", "closed");
  expect(stats([5, 1, 600, 700, 0])).toEqual([5, 1, 600, 700, 0]);
});

/** A second after a beginning a report comes; its outcome, and the totals. */
async function reportsASecondAfterBegin(before: Stats, options: ReportOptions) {
  const { rig, life, stats } = await aliceReports({}, options);
  stats(before);
  rig.clock.advance(1000);
  life("began");
  const again = () => {
    rig.clock.advance(1000);
    const { taken } = rig.send(report(rig.table, rig.clock.now(), { alice: [5, 2, 600, 700, 0] }, options));
    return { taken, received: shown(rig, "received") };
  };
  return { rig, life, again };
}

test("a reload whose end is held up: the old instance is refused until it is told, and counts on", async () => {
  const { rig, life, again } = await reportsASecondAfterBegin([5, 2, 500, 500, 0], CUMULATIVE);
  expect(again()).toEqual({ taken: false, received: 500 });
  expect(rig.counters.get("gostcol_delta_to_cumulative_refused_reports{}")!.value).toBe(1);
  life("closed");
  expect(again()).toEqual({ taken: true, received: 600 });
});

test("a beginning whose end does not come was a restart: what was refused counts in whole", async () => {
  const { again } = await reportsASecondAfterBegin([5, 2, 500, 500, 0], CUMULATIVE);
  expect([again(), again()].map(({ taken }) => taken)).toEqual([false, false]);
  expect(again()).toEqual({ taken: true, received: 1100 });
});

test.each([
  ["no connection was open", [5, 0, 500, 500, 0], CUMULATIVE],
  ["deltas are told", [5, 2, 500, 500, 0], DELTA],
] as const)("a report soon after a beginning is taken at once where %s", async (_, before, options) => {
  const { again } = await reportsASecondAfterBegin(before, options);
  expect(again()).toEqual({ taken: true, received: 1100 });
});

test.each([
  ["an auto handler, deltas", DELTA],
  ["an auto handler, cumulative", CUMULATIVE],
  ["one emitter, whose beginning was told late", { ...CUMULATIVE, emitters: 1 }],
] as const)(
  "what falls just after a reload with connections open is another emitter beside the first: %s",
  async (_, options) => {
    const { rig, life, stats } = await aliceReports({}, options);
    expect(stats([2, 2, 500, 500, 0])[0]).toBe(2);
    life("began", "closed");
    const soon = (values: Stats) => {
      rig.clock.advance(100);
      const { taken } = rig.send(report(rig.table, rig.clock.now(), { alice: values }, options));
      return taken && shown(rig, "conns");
    };
    expect(soon([1, 0, 100, 100, 0])).toBe(3);
    expect(soon([2, 2, 600, 600, 0])).toBe(3); // The first one again, and not what the other has grown to.
    expect(stats([2, 1, 700, 700, 0])[0]).toBe(3);
  },
);

test("the old and the new instance after a reload with connections open: uncertain until the other reports", async () => {
  const { rig, life, stats } = await aliceReports({}, { ...CUMULATIVE, emitters: 1 });
  const uncertain = () => shown(rig, "received.uncertain");
  stats([250, 1, 5_000_000, 0, 0]);
  life("closed", "began");
  expect(stats([250, 1, 5_050_000, 0, 0])[2]).toBe(5_050_000);
  expect(uncertain()).toBe(5_000_000); // A new instance can have had 250 connections since.
  expect(stats([1, 1, 100, 0, 0])).toEqual([251, 2, 5_050_100, 0, 0]);
  expect(uncertain()).toBe(0);
  expect(stats([250, 0, 5_100_000, 0, 0])[2]).toBe(5_100_100);
  expect(uncertain()).toBe(5_050_000 - 100);
  await rig.restart();
  expect(stats([2, 0, 300, 0, 0])).toEqual([252, 0, 5_100_300, 0, 0]);
  expect(uncertain()).toBe(0);
});

test("an instance that was replaced accepts nothing more: what does is the new one, though the old says nothing", async () => {
  const { rig, life, stats } = await aliceReports({}, { ...CUMULATIVE, emitters: 1, accepts: true });
  stats([3, 1, 300, 0, 0]);
  life("closed", "began");
  expect(stats([4, 1, 400, 0, 0])[2]).toBe(400); // The old one may have accepted it just before,
  expect(stats([5, 1, 500, 0, 0])[2]).toBe(500); // and have been held up with the report of that.
  expect(stats([6, 1, 600, 0, 0])).toEqual([9, 1, 900, 0, 0]);
  await rig.restart();
  expect(stats([7, 1, 700, 0, 0])[2]).toBe(1000);
});

test("an instance that was replaced and has reported twice since has told what it accepted", async () => {
  const { stats, life } = await aliceReports({}, { ...CUMULATIVE, emitters: 1, accepts: true });
  stats([7, 1, 100, 0, 0]);
  life("closed", "began");
  for (const [conns, bytes] of [
    [2, 10],
    [4, 20],
    [6, 30],
  ] as const) {
    stats([conns, 0, bytes, 0, 0]);
    stats([7, 1, 100 + bytes, 0, 0]);
  }
  // The last of these could have been the new one's, and then this is: nothing is that of the old one.
  expect(stats([8, 1, 140, 0, 0])[2]).toBe(120 + 140);
});

test("open connections are those of all emitters; of a replaced instance, while it reports", async () => {
  const { rig, life, stats } = await aliceReports({}, { ...DELTA, emitters: 1, accepts: true });
  const active = (...values: Stats) => stats(values)[1];
  stats([9, 3, 10, 0, 0]);
  life("closed", "began");
  expect(active(1, 1, 10, 0, 0)).toBe(1);
  expect(active(9, 2, 10, 0, 0)).toBe(3);
  rig.clock.advance(50_000);
  expect(active(2, 2, 10, 0, 0)).toBe(4);
  rig.clock.advance(10_000);
  expect(active(3, 1, 10, 0, 0)).toBe(1);
});

test("emitters whose number is known are told apart from the first report on", async () => {
  const { rig, stats } = await aliceReports({}, { ...CUMULATIVE, emitters: 2 });
  stats([1, 0, 100, 0, 0]);
  expect(stats([2, 0, 200, 0, 0])[2]).toBe(200);
  expect(shown(rig, "received.uncertain")).toBe(100);
  expect(stats([1, 0, 150, 0, 0])[2]).toBe(350); // Nothing moved behind the first, so these are two.
  expect(shown(rig, "received.uncertain")).toBe(0);
});

test("a reload ends every emitter that had nothing open: what comes next began at zero, however large it is", async () => {
  const { rig, life, stats } = await aliceReports({}, { ...CUMULATIVE, emitters: 2 });
  stats([1, 0, 100, 0, 0]);
  stats([1, 0, 150, 0, 0]);
  life("closed", "began");
  expect(stats([2, 0, 400, 0, 0])[2]).toBe(650);
  expect(shown(rig, "received.uncertain")).toBe(0);
});

test("instances before it do not hide that the present one has several emitters", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  stats([2, 0, 100, 0, 0]);
  life("closed", "began");
  stats([3, 1, 300, 0, 0]);
  stats([1, 1, 100, 0, 0]); // Another emitter of it, so there may be a third.
  expect(stats([2, 1, 200, 0, 0])[2]).toBe(600);
  expect(shown(rig, "received.uncertain")).toBe(100);
});

test("where more emitters show than were thought of, what was left out for want of them is uncertain", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  stats([2, 1, 100, 0, 0]);
  life("closed", "began");
  stats([3, 1, 300, 0, 0]);
  stats([1, 1, 50, 0, 0]); // Of the new instance, so the old one has moved on, as far as can be seen.
  expect(stats([1, 0, 40, 0, 0])[2]).toBe(390);
  expect(shown(rig, "received.uncertain")).toBe(100); // Or all of these were new.
  await rig.restart();
  expect(shown(rig, "received.uncertain")).toBe(100);
});

test("equal reports in one tick are of two emitters, for one reports nothing but change", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 79, 865, 0]);
  rig.clock.advance(1);
  rig.send(report(rig.table, rig.clock.now(), { alice: [1, 0, 79, 865, 0] }, CUMULATIVE));
  expect(totals(rig)).toEqual([2, 0, 158, 1730, 0]);
});

test("connections of several emitters are never too many, and bytes exact, where deltas are told", async () => {
  const { stats } = await aliceReports({}, DELTA);
  stats([2, 0, 158, 0, 0]);
  stats([1, 0, 79, 0, 0]);
  stats([3, 0, 79, 0, 0]);
  expect(stats([2, 0, 79, 0, 0])).toEqual([5, 0, 395, 0, 0]);
});

test("a process that was killed with connections open is gone all the same", async () => {
  const { life, stats } = await aliceReports({}, CUMULATIVE);
  stats([5, 2, 500, 500, 0]);
  life("began");
  expect(stats([6, 1, 600, 700, 0])).toEqual([11, 1, 1100, 1200, 0]);
});

test("a process that was killed before its first report is not made a reload by the reload that follows", async () => {
  const { life, stats } = await aliceReports({}, CUMULATIVE);
  stats([5, 2, 500, 500, 0]);
  life("began");
  stats([0, 0, 0, 0, 0], { service: "other" }); // Time passes.
  life("began", "closed");
  expect(stats([6, 1, 600, 700, 0])).toEqual([11, 1, 1100, 1200, 0]);
});

test.each<readonly LifeEvent["type"][]>([
  ["began", "closed"],
  ["closed", "began"],
])(
  "a process that was killed is not made a reload by the one (%s, %s) that soon follows its start",
  async (...reload) => {
    const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
    stats([5, 2, 500, 500, 0]);
    life("began");
    rig.clock.advance(400);
    for (const type of reload) {
      rig.clock.advance(5);
      life(type);
    }
    expect(stats([6, 1, 600, 700, 0])).toEqual([11, 1, 1100, 1200, 0]);
  },
);

test("what arrives right after a beginning was on its way before it", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  stats([5, 0, 500, 500, 0]);
  life("began", "closed");
  rig.clock.advance(3);
  rig.send(report(rig.table, rig.clock.now(), { alice: [6, 0, 550, 500, 0] }, CUMULATIVE));
  expect(totals(rig)).toEqual([6, 0, 550, 500, 0]);
  expect(stats([1, 0, 10, 10, 0])).toEqual([7, 0, 560, 510, 0]);
});

test("a beginning before anything was reported changes nothing, however soon its first report comes", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  life("began");
  rig.send(report(rig.table, rig.clock.now(), { alice: [1, 0, 235, 632, 0] }, CUMULATIVE));
  expect(stats([1, 0, 235, 632, 0])).toEqual([1, 0, 235, 632, 0]);
});

test("a client that comes while a beginning waits counts once", async () => {
  const { rig, life, stats } = await aliceReports({}, CUMULATIVE);
  rig.clock.advance(5000);
  rig.send(report(rig.table, rig.clock.now(), { bob: [1, 0, 1, 1, 0] }, CUMULATIVE));
  life("began");
  rig.send(report(rig.table, rig.clock.now(), { alice: [1, 1, 235, 632, 0] }, CUMULATIVE));
  expect(stats([1, 0, 235, 640, 0])).toEqual([1, 0, 235, 640, 0]);
});

test("another epoch begins a new lineage; what the former one still reports adds nothing", async () => {
  const { rig, stats } = await aliceReports();
  const told = (epoch: string): ReportOptions => ({ ...CUMULATIVE, epoch });
  stats([1, 1, 100, 100, 0], told("a"));
  expect(stats([2, 1, 300, 300, 0], told("b"))).toEqual([3, 1, 400, 400, 0]);
  expect(stats([1, 1, 900, 900, 0], told("a"))).toEqual([3, 1, 400, 400, 0]);
  expect(stats([2, 1, 310, 310, 0], told("b"))).toEqual([3, 1, 410, 410, 0]);
  expect(unreported(rig)).toBe(5);
});

test("the start time is the first point's own, unless the beginning was told", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 1, 1, 0]);
  const firstAt = rig.clock.now();
  stats([2, 0, 2, 2, 0]);
  const [first, second] = rig.left.map(({ rows }) => rows[0]!);
  expect([first!.start, first!.time]).toEqual([firstAt, firstAt]);
  expect([second!.start, second!.time]).toEqual([firstAt, firstAt + 5000]);

  const told = await aliceReports({}, CUMULATIVE);
  const beganAt = told.rig.clock.now();
  told.life("began");
  told.stats([1, 0, 1, 1, 0]);
  expect(told.rig.left.at(-1)!.rows[0]!.start).toBe(beganAt);
});

test("totals leave as cumulative series without a stream; levels stay levels; uncertainty stands beside bytes", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 1, 10, 20, 0]);
  const { source } = rig.left[0]!;
  expect(source?.told).toBe("cumulative");
  expect(
    allPoints(rig.left[0]!).map(({ series: { metric, stream } }) => [
      metric.name,
      metric.temporality,
      metric.type,
      stream,
    ]),
  ).toEqual([
    ["conns", "cumulative", "sum", undefined],
    ["active", "cumulative", "sum", undefined],
    ["received", "cumulative", "sum", undefined],
    ["transmitted", "cumulative", "sum", undefined],
    ["errors", "cumulative", "sum", undefined],
    ["received.uncertain", "unspecified", "gauge", undefined],
    ["transmitted.uncertain", "unspecified", "gauge", undefined],
    ["unreported", "cumulative", "sum", undefined],
  ]);
});

test("undecided: the smaller reading is shown and the rest is uncertain", async () => {
  const { rig, stats } = await aliceReports();
  stats([2, 0, 79, 865, 0]);
  expect(stats([3, 0, 79, 865, 0])).toEqual([3, 0, 79, 865, 0]);
  expect([shown(rig, "received.uncertain"), shown(rig, "transmitted.uncertain")]).toEqual([79, 865]);
});

test("undecided: a longer fall than emitters and a restart explain proves deltas, and raises all totals of that life", async () => {
  const { rig, stats } = await aliceReports({}, { emitters: 1 });
  rig.send(report(rig.table, rig.clock.now(), { bob: [1, 0, 50, 0, 0] }, { emitters: 1 }));
  rig.send(report(rig.table, rig.clock.now(), { bob: [1, 0, 60, 0, 0] }, { emitters: 1 }));
  stats([1, 0, 900, 0, 0]);
  stats([2, 0, 950, 0, 0]);
  expect(stats([3, 0, 500, 0, 0])[2]).toBe(950 + 500); // A restart that went unseen would explain it.
  expect(shown(rig, "received.uncertain")).toBe(900);
  expect(stats([4, 0, 100, 0, 0])).toEqual([4, 0, 900 + 950 + 500 + 100, 0, 0]);
  expect(shown(rig, "received.uncertain")).toBe(0);
  expect(rig.shown.get(shownName("received", "bob"))).toBe(110);
  expect(stats([5, 0, 800, 0, 0])[2]).toBe(2450 + 800);
});

test("what was proven of one life says nothing of the next", async () => {
  const { rig, life, stats } = await aliceReports({}, { emitters: 1 });
  for (const [index, value] of [900, 500, 100].entries()) stats([index + 1, 0, value, 0, 0]);
  rig.clock.advance(1000);
  life("began");
  stats([1, 0, 10, 0, 0]);
  expect(stats([2, 0, 15, 0, 0])[2]).toBe(1500 + 15);
  expect(shown(rig, "received.uncertain")).toBe(10);
});

test("what was proven ends with a fall of the connections, and with our absence", async () => {
  const proven = async () => {
    const { rig, stats } = await aliceReports({}, { emitters: 1 });
    for (const [index, value] of [900, 500, 100].entries()) stats([index + 5, 0, value, 0, 0]);
    return { rig, stats };
  };
  const fallen = await proven();
  fallen.stats([1, 0, 10, 0, 0]);
  expect(fallen.stats([2, 0, 15, 0, 0])[2]).toBe(1500 + 15);
  const away = await proven();
  await away.rig.restart();
  expect(away.stats([8, 0, 115, 0, 0])[2]).toBe(1500 + 15);
});

test("a proof raises no other source", async () => {
  const { rig, stats } = await aliceReports({}, { emitters: 1 });
  for (const value of [50, 60]) stats([1, 0, value, 0, 0], { service: "other" });
  for (const [index, value] of [900, 500, 100].entries()) stats([index + 1, 0, value, 0, 0]);
  expect(rig.shown.get(shownName("received", "alice", "other"))).toBe(60);
  expect(rig.shown.get(shownName("received.uncertain", "alice", "other"))).toBe(50);
});

test("undecided: a fall of the connections proves nothing, and leaves what was open uncertain for good", async () => {
  const { rig, stats } = await aliceReports({}, { emitters: 1 });
  stats([9, 0, 900, 0, 0]);
  stats([9, 0, 950, 0, 0]);
  stats([1, 0, 500, 0, 0]);
  stats([1, 0, 400, 0, 0]);
  expect(totals(rig)).toEqual([10, 0, 950 + 500 + 400, 0, 0]);
  expect(shown(rig, "received.uncertain")).toBe(900);
});

test("once the mode is told, what was undecided in that life is settled by it", async () => {
  const cumulative = await aliceReports();
  cumulative.stats([1, 1, 100, 0, 0]);
  cumulative.stats([1, 1, 130, 0, 0]);
  expect(shown(cumulative.rig, "received.uncertain")).toBe(100);
  expect(cumulative.stats([1, 0, 140, 0, 0], CUMULATIVE)[2]).toBe(140);
  expect(shown(cumulative.rig, "received.uncertain")).toBe(0);
  const deltas = await aliceReports();
  deltas.stats([1, 0, 100, 0, 0]);
  deltas.stats([1, 0, 130, 0, 0]);
  expect(deltas.stats([1, 0, 10, 0, 0], DELTA)[2]).toBe(240);
});

test("what cannot be a count is left out and counted", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 100, 100, 0]);
  expect(stats([2, 0, Number.POSITIVE_INFINITY, -5, 0])).toEqual([2, 0, 100, 100, 0]);
  expect(stats([3, 0, 110, 110, 0])).toEqual([3, 0, 110, 110, 0]);
  expect(rig.counters.get('otelcol_deltatocumulative_datapoints{"error":"not_a_count"}')?.value).toBe(2);
});

test("beyond max_streams points are dropped and counted, and the streams that are there go on", async () => {
  const { rig, stats } = await aliceReports({ max_streams: 1 }, CUMULATIVE);
  stats([1, 0, 1, 1, 0]);
  rig.send(report(rig.table, rig.clock.now(), { bob: [1, 0, 1, 1, 0] }, CUMULATIVE));
  expect(rig.shown.get(shownName("received", "bob"))).toBeUndefined();
  expect(rig.counters.get('otelcol_deltatocumulative_datapoints{"error":"limit"}')?.value).toBe(5);
  expect(stats([2, 0, 2, 2, 0])).toEqual([2, 0, 2, 2, 0]);
});

test("a member that a processor in front took out is not there, and the others count", async () => {
  const { rig } = await aliceReports();
  const batch = report(rig.table, rig.clock.now(), { alice: [4, 1, 10, 20, 0] }, CUMULATIVE);
  const isKept = (name: string) => name === "active" || name === "transmitted";
  const rows = batch.rows.map(({ values, ...row }): Row => {
    const kept = values.map((value, index) => (isKept(row.series[index]!.metric.name) ? value : Number.NaN));
    return { ...row, values: kept };
  });
  rig.send({ ...batch, rows });
  expect(totals(rig)).toEqual([undefined, 1, undefined, 20, undefined]);
});

test("after a restart all totals are shown again before anything is reported, and go on from there", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([2, 1, 100, 200, 1]);
  stats([1, 0, 50, 60, 0]);
  const batches = rig.left.length;
  await rig.restart();
  const [restored, ...others] = rig.left.slice(batches);
  expect(others).toEqual([]);
  expect(allPoints(restored!).map(({ value }) => value)).toEqual([3, 1, 150, 260, 1, 0, 0, 5]);
  expect(stats([2, 0, 70, 60, 0])).toEqual([4, 1, 170, 260, 1]);
});

test("after a restart what was undecided stays uncertain, for the mode may have changed meanwhile", async () => {
  const { rig, stats } = await aliceReports();
  stats([1, 0, 100, 0, 0]);
  stats([2, 0, 100, 0, 0]);
  await rig.restart();
  expect(stats([3, 0, 7, 0, 0], DELTA)[2]).toBe(107);
  expect(shown(rig, "received.uncertain")).toBe(100);
});

test("stored totals that are refused at a start are shown once they are taken, as they are by then", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 100, 0, 0]);
  rig.send(report(rig.table, rig.clock.now(), { bob: [1, 0, 7, 0, 0] }, CUMULATIVE));
  rig.failNext();
  rig.left.length = 0;
  await rig.restart();
  expect(rig.left).toEqual([]);
  rig.send(report(rig.table, rig.clock.now(), { alice: [2, 0, 130, 0, 0] }, CUMULATIVE));
  rig.left.length = 0;
  await rig.clock.advanceAsync(1000);
  const received = rig.left.flatMap(allPoints).flatMap(({ series, value }) => {
    return series.metric.name === "received" ? [[series.attributes["client"], value]] : [];
  });
  expect(received.sort()).toEqual([
    ["alice", 130],
    ["bob", 7],
  ]);
});

test("a stream whose first report is rolled back was never there", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  rig.sendAndRollBack(report(rig.table, rig.clock.now(), { alice: [9, 0, 900, 900, 0] }, CUMULATIVE));
  expect(stats([9, 0, 900, 900, 0])).toEqual([9, 0, 900, 900, 0]);
  expect(rig.left[0]!.rows[0]!.start).toBe(rig.clock.now());
});

test("exported series stay while there is a total, though nobody used them for long", async () => {
  const { rig, stats } = await aliceReports({}, CUMULATIVE);
  stats([1, 0, 10, 10, 0]);
  const { series } = rig.left[0]!.rows[0]!;
  for (let generation = 0; generation < 10; generation++) rig.table.sweep(1);
  stats([2, 0, 20, 20, 0]);
  expect(rig.left[1]!.rows[0]!.series).toBe(series);
  expect(totals(rig)).toEqual([2, 0, 20, 20, 0]);
  await rig.stop();
  rig.table.sweep(0);
  rig.table.sweep(0);
  expect(rig.table.size).toBe(0);
});

test("after a restart totals are shown at once, and a little later, of all of them, that nothing is uncertain", async () => {
  const rig = await processorRig([deltaToCumulativeProcessor, {}]);
  const clients = Array.from({ length: 1300 }, (_, index) => `client-${index}`);
  rig.send(
    report(rig.table, rig.clock.now(), Object.fromEntries(clients.map((name) => [name, [1, 0, 5, 6, 0]])), DELTA),
  );
  rig.left.length = 0;
  await rig.restart();
  expect(rig.left.flatMap(({ rows }) => rows)).toHaveLength(clients.length);
  const uncertain = () => rig.left.flatMap(allPoints).filter(({ series }) => series.metric.name.endsWith(".uncertain"));
  expect(uncertain()).toEqual([]);
  await rig.clock.advanceAsync(1000);
  expect(uncertain()).toHaveLength(1000); // Whoever reports meanwhile has a turn in between.
  await rig.clock.advanceAsync(1000);
  expect(uncertain().map(({ value }) => value)).toEqual(clients.flatMap(() => [0, 0]));
});
