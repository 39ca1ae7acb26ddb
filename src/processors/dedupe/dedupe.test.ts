import { expect, test } from "vitest";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { type ReportOptions, report, type Stats } from "../../../test/support/gost-streams.ts";
import { type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import type { LifeEvent, Receipt, ReceiptState } from "../../model/source-facts.ts";
import { dedupeProcessor } from "./index.ts";

const STATS: Stats = [2, 1, 79, 865, 0];

/** A receipt that is settled by the test. */
interface TestReceipt extends Receipt {
  state: ReceiptState;
  asked: number;
}

function receipt(state: ReceiptState = "open", aliveAt = Number.POSITIVE_INFINITY): TestReceipt {
  return {
    state,
    aliveAt,
    asked: 0,
    settled: () => {},
    ask() {
      this.asked++;
    },
  };
}

async function rigWith(config: object = {}) {
  const rig = await processorRig([dedupeProcessor, config]);
  /** Sends a report five seconds after the last; "passed", "dropped", or the reason of its refusal. */
  const send = (fingerprint: string | undefined, options: ReportOptions = {}) => {
    rig.clock.advance(5000);
    const before = rig.left.length;
    const named = fingerprint === undefined ? options : { ...options, fingerprint };
    const outcome = rig.send(report(rig.table, rig.clock.now(), { alice: STATS }, named));
    if (!outcome.taken) return outcome.refusal.reason;
    return rig.left.slice(before).some(({ rows }) => rows.length > 0) ? "passed" : "dropped";
  };
  const life = (...types: readonly LifeEvent["type"][]) => {
    rig.clock.advance(1000);
    const at = rig.clock.now();
    rig.send(report(rig.table, at, {}, { life: types.map((type) => ({ type, at })) }));
  };
  return { rig, send, life };
}

const HOUR_MS = 3_600_000;

const droppedReports = (rig: ProcessorRig, reason: string) =>
  rig.counters.get(`gostcol_dedupe_dropped_reports{"reason":"${reason}"}`)?.value;

test("an equal report whose first answer was read is an honest one", async () => {
  const { send } = await rigWith();
  expect(send("a", { receipt: receipt("read") })).toBe("passed");
  expect(send("a", { receipt: receipt("read") })).toBe("passed");
});

test("an equal report whose first answer was not read is a repeat, at every tick until one was", async () => {
  const { rig, send } = await rigWith();
  expect(send("a", { receipt: receipt("unread") })).toBe("passed");
  expect(send("a", { receipt: receipt("unread") })).toBe("dropped");
  expect(send("b", { receipt: receipt("read") })).toBe("passed");
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
  expect(send("a", { receipt: receipt("read") })).toBe("passed");
  expect(droppedReports(rig, "repeat")).toBe(2);
  expect(rig.counters.get('gostcol_dedupe_dropped_points{"reason":"repeat"}')?.value).toBe(10);
});

test("an equal report that comes before the evidence is refused, and the first answer's proof is asked for", async () => {
  const { send } = await rigWith();
  const first = receipt("open");
  send("a", { receipt: first });
  expect(send("a")).toBe("evidence_pending");
  expect(first.asked).toBe(1);
  first.state = "unread";
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
  const second = receipt("open");
  send("b", { receipt: second });
  expect(send("b")).toBe("evidence_pending");
  second.state = "read";
  expect(send("b")).toBe("passed");
});

test("a repeat is known whatever comes in between, up to the history's length, and what is forgotten is counted", async () => {
  const { rig, send } = await rigWith({ history: 3 });
  for (const fingerprint of ["a", "b", "c"]) send(fingerprint, { receipt: receipt("unread") });
  expect(send("a", { receipt: receipt("unread") })).toBe("dropped");
  expect(send("d", { receipt: receipt("unread") })).toBe("passed");
  expect(send("b", { receipt: receipt("unread") })).toBe("passed");
  expect(rig.counters.get("gostcol_dedupe_forgotten_reports{}")?.value).toBe(2);
});

test("a copy that its sender gave up, and sent again and had answered since, is dropped whenever it comes", async () => {
  const { rig, send } = await rigWith();
  const givenUp = () => ({ receipt: receipt("unread") });
  const read = () => ({ receipt: receipt("read") });
  expect(["a", "b", "c"].map((fingerprint) => send(fingerprint, read()))).toEqual(["passed", "passed", "passed"]);
  expect(["a", "c", "a"].map((fingerprint) => send(fingerprint, givenUp()))).toEqual(["dropped", "dropped", "dropped"]);
  expect(droppedReports(rig, "stale")).toBe(3);
  expect(send("d", givenUp())).toBe("passed"); // Nobody has had an answer to that one.
  expect(send("a", read())).toBe("passed"); // Whoever waits for the answer has something new to say.
});

test("what was refused, while the store did not say whether it kept it, is sent again", async () => {
  const { send } = await rigWith();
  expect(send("a", { receipt: receipt("refusal_read") })).toBe("passed");
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
});

test("an equal report that may be a late copy is refused until its sender has read a refusal", async () => {
  const { rig, send } = await rigWith();
  send("a", { receipt: receipt("read") });
  const copy = receipt("open", 0);
  expect(send("a", { receipt: copy })).toBe("evidence_pending");
  expect(copy.asked).toBe(1);
  copy.state = "unread";
  const another = receipt("open", 0);
  expect(send("a", { receipt: another })).toBe("evidence_pending");
  another.state = "refusal_read";
  expect(send("a", { receipt: receipt("read", 0) })).toBe("passed");
  expect(send("a", { receipt: receipt("open", 0) })).toBe("evidence_pending"); // And again.
  expect(rig.counters.get("gostcol_dedupe_refused_reports{}")?.value).toBe(3);
});

test("what comes on a connection that was answered on since is no late copy", async () => {
  const { rig, send } = await rigWith();
  send("a", { receipt: receipt("read") });
  const readAt = rig.clock.now();
  expect(send("a", { receipt: receipt("open", readAt - 600) })).toBe("evidence_pending");
  expect(send("a", { receipt: receipt("read", readAt - 100) })).toBe("passed"); // Of the same tick.
});

test("answers that were read take no room in the history", async () => {
  const { send } = await rigWith({ history: 2 });
  send("a", { receipt: receipt("unread") });
  for (const fingerprint of ["b", "c", "d"]) send(fingerprint, { receipt: receipt("read") });
  send("e", { receipt: receipt("unread") });
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
});

test("sources are apart: the same report of another service is news", async () => {
  const { send } = await rigWith();
  send("a", { receipt: receipt("unread") });
  expect(send("a", { service: "other", receipt: receipt("unread") })).toBe("passed");
});

test("after a restart nobody knows which answers were read, so an equal report is taken for a repeat, once", async () => {
  const { rig, send } = await rigWith();
  send("a", { receipt: receipt("open") });
  await rig.restart();
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
  expect(droppedReports(rig, "assumed_repeat")).toBe(1);
  expect(send("a", { receipt: receipt("read") })).toBe("passed");
});

test("what is only assumed to be a repeat goes along as that, for it could have been news", async () => {
  const { rig, send } = await rigWith();
  send("a", { receipt: receipt("unread") });
  send("a", { receipt: receipt("unknown") });
  expect(rig.left).toHaveLength(1); // Its answer was not read: there is no doubt.
  send("a", { receipt: receipt("read") });
  expect(rig.left.at(-1)).toMatchObject({ rows: [], assumedRepeat: [{ values: STATS }] });
  expect(rig.left.at(-1)!.source?.fingerprint).toBe(rig.left[0]!.source!.fingerprint);
});

test("deliveries that are taken back, one after the other, push no report out that was read", async () => {
  const { rig, send } = await rigWith({ history: 3 });
  for (const fingerprint of ["a", "b", "c"]) send(fingerprint, { receipt: receipt("read") });
  for (let times = 0; times < 5; times++) {
    rig.clock.advance(5000);
    rig.sendAndRollBack(report(rig.table, rig.clock.now(), { alice: STATS }, { fingerprint: "d" }));
  }
  expect(["a", "b", "c"].map((fingerprint) => send(fingerprint, { receipt: receipt("unread") }))).toEqual([
    "dropped",
    "dropped",
    "dropped",
  ]);
  expect(droppedReports(rig, "stale")).toBe(3);
});

test("an instance that was reloaded may repeat; of a new process that cannot be known, for an end may have been lost", async () => {
  const killed = await rigWith();
  killed.send("a", { receipt: receipt("unread") });
  killed.life("began");
  expect(killed.send("a")).toBe("dropped");
  expect(droppedReports(killed.rig, "assumed_repeat")).toBe(1);
  const reloaded = await rigWith();
  reloaded.send("a", { receipt: receipt("unread") });
  reloaded.life("began", "closed");
  expect(reloaded.send("a")).toBe("dropped");
  const epochs = await rigWith();
  epochs.send("a", { receipt: receipt("unread"), epoch: "1" });
  expect(epochs.send("a", { epoch: "2" })).toBe("passed");
});

test("a process that was reloaded repeats what it reported, and nothing of the process before it", async () => {
  const { rig, send, life } = await rigWith();
  send("a", { receipt: receipt("unread") });
  life("began");
  send("b", { receipt: receipt("unread") });
  life("began", "closed");
  expect(send("a")).toBe("dropped");
  expect(droppedReports(rig, "assumed_repeat")).toBe(1);
  expect(send("b")).toBe("dropped");
  expect(droppedReports(rig, "repeat")).toBe(1);
});

test("a process that was reloaded before its first report repeats nothing of the one before it", async () => {
  const { rig, send, life } = await rigWith();
  send("a", { receipt: receipt("unread") });
  life("began");
  life("closed", "began"); // A second later.
  expect(send("a")).toBe("dropped");
  expect(droppedReports(rig, "assumed_repeat")).toBe(1);
});

test("whether a report of the life before was read is asked, where that can still be known", async () => {
  const { rig, send, life } = await rigWith();
  const first = receipt();
  send("a", { receipt: first });
  life("began");
  expect(send("a")).toBe("evidence_pending");
  expect(first.asked).toBe(1);
  first.state = "read";
  expect(send("a")).toBe("passed");
  expect(droppedReports(rig, "assumed_repeat")).toBe(0);
});

test("until the end of the instance before can no longer be told, a beginning does not say what repeats", async () => {
  const soon = async (...types: readonly LifeEvent["type"][]) => {
    const { rig, send, life } = await rigWith();
    send("a", { receipt: receipt("unread") });
    life("began");
    rig.clock.advance(600);
    life(...types); // A second later.
    const before = rig.left.length;
    const facts = { fingerprint: "a", receipt: receipt() };
    const outcome = rig.send(report(rig.table, rig.clock.now(), { alice: STATS }, facts));
    return outcome.taken ? rig.left.length - before : outcome.refusal.reason;
  };
  expect(await soon()).toBe("evidence_pending");
  expect(await soon("closed")).toBe(0);
});

test("a repeat that brings news of its source's life hands these on, without rows", async () => {
  const { rig, send } = await rigWith();
  const life = [{ type: "closed", at: 1 }] as const;
  send("a", { receipt: receipt("unread") });
  expect(send("a", { life })).toBe("dropped");
  expect(rig.left.at(-1)).toMatchObject({ rows: [], source: { life } });
});

test("what stands beside the streams of a repeat is passed on, without the facts of its report", async () => {
  const { rig, send } = await rigWith();
  send("a", { receipt: receipt("unread") });
  const { rows, source } = report(rig.table, 0, { alice: STATS }, { fingerprint: "a" });
  const beside = metricsBatch(2, rig.table);
  const row = { ...rows[0]!, series: beside.points.map(({ series }) => series), values: [1, 2] };
  rig.send({ rows: [rows[0]!, row], points: beside.points, source });
  expect(rig.left.at(-1)).toEqual({ rows: [row], points: beside.points });
  expect(rig.counters.get('gostcol_dedupe_dropped_points{"reason":"repeat"}')?.value).toBe(5);
});

test("what has no fingerprint, or no source, passes as it came", async () => {
  const { rig, send } = await rigWith();
  expect([send(undefined), send(undefined)]).toEqual(["passed", "passed"]);
  const { rows, points } = report(rig.table, 0, { alice: STATS });
  rig.send({ rows, points });
  expect(rig.left.at(-1)).toEqual({ rows, points });
});

test("a report that is rolled back was never there: sent again it is news, and what it replaced is back", async () => {
  const { rig, send } = await rigWith();
  const batch = (fingerprint: string) =>
    report(
      rig.table,
      rig.clock.now(),
      { alice: STATS },
      { fingerprint, receipt: receipt("unread"), life: [{ type: "closed", at: 1 }] },
    );
  rig.sendAndRollBack(batch("a"));
  expect(send("a", { receipt: receipt("unread") })).toBe("passed");
  rig.sendAndRollBack(batch("a"));
  expect(droppedReports(rig, "repeat")).toBe(0);
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
});

test("behind a proxy no answer is proven read: equal reports are repeats while the first is remembered", async () => {
  const { rig, send } = await rigWith({ behind_proxy: true, history: 2 });
  send("a", { receipt: receipt("read") });
  expect(send("a", { receipt: receipt("open") })).toBe("dropped");
  expect(send("a", { receipt: receipt("read") })).toBe("dropped");
  expect(droppedReports(rig, "assumed_repeat")).toBe(2);
  send("b", { receipt: receipt("read") });
  send("c", { receipt: receipt("read") });
  expect(send("a")).toBe("passed");
});

test("sources beyond max_sources pass unexamined, and are counted", async () => {
  const { rig, send } = await rigWith({ max_sources: 1 });
  send("a", { receipt: receipt("unread") });
  expect(send("a", { service: "other", receipt: receipt("unread") })).toBe("passed");
  expect(send("a", { service: "other", receipt: receipt("unread") })).toBe("passed");
  expect(rig.counters.get("gostcol_dedupe_unexamined_reports{}")?.value).toBe(2);
});

test.each([HOUR_MS, -HOUR_MS])(
  "a clock that was set by %d ms changes nothing of which life a report was in",
  async (ms) => {
    const { rig, send, life } = await rigWith();
    life("began");
    rig.clock.setWallTime(rig.clock.now() - ms);
    expect(send("a", { receipt: receipt("unread") })).toBe("passed");
    expect(send("a", { receipt: receipt("unread") })).toBe("dropped");
    expect(droppedReports(rig, "repeat")).toBe(1);
    rig.clock.setWallTime(rig.clock.now() + ms);
    life("began");
    expect(send("a", { receipt: receipt("read") })).toBe("dropped");
    expect(droppedReports(rig, "repeat")).toBe(1);
    expect(droppedReports(rig, "assumed_repeat")).toBe(1);
  },
);
