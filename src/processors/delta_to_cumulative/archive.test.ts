import fc from "fast-check";
import { expect, test } from "vitest";
import { type ReportOptions, report, type Stats, shownName } from "../../../test/support/gost-streams.ts";
import { type ProcessorRig, processorRig } from "../../../test/support/processor-rig.ts";
import { deltaToCumulativeProcessor } from "./index.ts";

// Streams that rest: what becomes of them in memory, in the store, and when they come back.

const DELTA: ReportOptions = { told: "delta" };

/** Streams rest after ten seconds, and are looked for every second. */
async function archivingRig(config: object = {}) {
  const rig = await processorRig([deltaToCumulativeProcessor, { archive_after: "10s", ...config }]);
  let connections = 0;
  const batch = (client: string, bytes: number, options = DELTA) => {
    const stats: Stats = [++connections, 0, bytes, 0, 0];
    return report(rig.table, rig.clock.now(), { [client]: stats }, options);
  };
  return { rig, batch, rest: (seconds = 12) => rig.clock.advanceAsync(seconds * 1000) };
}

const received = (rig: ProcessorRig, client = "alice") => rig.shown.get(shownName("received", client));
const isShown = (rig: ProcessorRig, client: string) =>
  rig.left.some(({ rows }) => rows.some(({ series }) => series[0]!.attributes["client"] === client));
const archived = (rig: ProcessorRig) => rig.gauges.get("gostcol_delta_to_cumulative_archived_streams");

test("a client that comes back after a month goes on from its total, in the same process and in another", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  rig.send(batch("bob", 1));
  await rest();
  expect(archived(rig)).toBe(2);
  expect(await rig.sendAndWait(batch("alice", 10))).toEqual({ taken: true });
  expect([received(rig), archived(rig)]).toEqual([110, 1]);
  await rest();
  await rig.restart();
  expect(archived(rig)).toBe(2);
  expect(await rig.sendAndWait(batch("alice", 1))).toEqual({ taken: true });
  expect(received(rig)).toBe(111);
  await rig.restart();
  expect([received(rig), archived(rig)]).toEqual([111, 1]);
});

test("counters go on as well, from the last value that was reported", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100, { told: "cumulative" }));
  await rest();
  await rig.sendAndWait(batch("alice", 130, { told: "cumulative" }));
  expect(received(rig)).toBe(130);
});

test("nothing of what rests is in memory, or shown after a restart, and its series can go", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  const series = rig.table.size;
  await rest();
  rig.table.sweep(0);
  rig.table.sweep(0);
  expect(rig.table.size).toBeLessThan(series);
  rig.left.length = 0;
  await rig.restart();
  expect(isShown(rig, "alice")).toBe(false);
});

test("who reports, or has a connection open, does not rest; and without archive_after nobody does", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(report(rig.table, rig.clock.now(), { alice: [1, 1, 5, 5, 0] }, DELTA));
  for (let round = 0; round < 30; round++) {
    await rest(5);
    rig.send(batch("bob", 1));
  }
  expect(archived(rig)).toBe(0);
  const never = await archivingRig({ archive_after: "0s" });
  never.rig.send(never.batch("alice", 1));
  await never.rest(1000);
  expect(archived(never.rig)).toBe(0);
});

test.each(["kept", "failed"] as const)(
  "a move to the archive that comes late, and then is %s, loses nothing",
  async (end) => {
    const { rig, batch, rest } = await archivingRig();
    rig.send(batch("alice", 100));
    await rest(9.5);
    const release = rig.holdStore();
    await rest(5);
    expect(await rig.sendAndWait(batch("alice", 7))).toMatchObject({ taken: false });
    await release(end);
    expect(await rig.sendAndWait(batch("alice", 10))).toEqual({ taken: true });
    expect(received(rig)).toBe(110);
    await rig.restart();
    expect([received(rig), archived(rig)]).toEqual([110, 0]);
  },
);

test.each(["kept", "failed"] as const)("who is reported before the move is kept stays (the store: %s)", async (end) => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest(9.5);
  const release = rig.holdStore();
  const bob = rig.sendAndWait(batch("bob", 1)); // What comes while it is under way is committed together afterwards.
  await rest(1);
  const alice = rig.sendAndWait(batch("alice", 10));
  await release(end);
  const isKept = end === "kept";
  expect([(await bob).taken, (await alice).taken]).toEqual([isKept, isKept]);
  expect(await rig.sendAndWait(batch("alice", 5))).toEqual({ taken: true });
  expect(received(rig)).toBe(isKept ? 115 : 105);
  await rig.restart();
  expect([received(rig), archived(rig)]).toEqual([isKept ? 115 : 105, 0]);
});

test("that an earlier move was kept after all says nothing of a later one", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest(9.5);
  const releaseMove = rig.holdStore();
  await rest(1);
  await releaseMove("unknown");
  const releaseReturn = rig.holdStore();
  const { rows, source } = batch("alice", 100);
  const repeat = rig.sendAndWait({ rows: [], points: [], source, assumedRepeat: rows }); // It brings alice back,
  await rest(1); // who goes to the archive again, for nothing of her was news.
  const returned = releaseReturn("kept");
  const releaseSecondMove = rig.holdStore();
  await returned;
  expect(await repeat).toEqual({ taken: true });
  const early = rig.sendAndWait(batch("alice", 7));
  await releaseSecondMove("failed");
  expect((await early).taken).toBe(false);
  expect(await rig.sendAndWait(batch("alice", 10))).toEqual({ taken: true });
  expect([received(rig), archived(rig)]).toEqual([110, 0]);
});

test("a return that is rolled back leaves the total where it was", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest();
  expect(await rig.sendAndWait(batch("alice", 7), true)).toMatchObject({ taken: false });
  expect(archived(rig)).toBe(1);
  await rig.sendAndWait(batch("alice", 10));
  expect([received(rig), archived(rig)]).toEqual([110, 0]);
});

test("while the store does not answer, who may be in the archive is refused, and nobody begins anew", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest();
  const release = rig.holdStore();
  const refused = rig.sendAndWait(batch("alice", 10));
  await rest(2);
  expect(await refused).toMatchObject({ taken: false, refusal: { kind: "retryable", reason: "archive_failed" } });
  await release("kept");
  await rig.sendAndWait(batch("alice", 10));
  expect(received(rig)).toBe(110);
});

test("two reports that bring a stream back at the same time count both", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest();
  const both = [rig.sendAndWait(batch("alice", 10)), rig.sendAndWait(batch("alice", 1))];
  expect(await Promise.all(both)).toEqual([{ taken: true }, { taken: true }]);
  expect(received(rig)).toBe(111);
});

test("who goes to the archive while a report waits for another of its clients is looked for as well", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest();
  await rig.sendAndWait(batch("bob", 5));
  await rest(9.5);
  const release = rig.holdStore();
  await rest(1);
  const both = report(rig.table, rig.clock.now(), { alice: [9, 0, 10, 0, 0], bob: [9, 0, 10, 0, 0] }, DELTA);
  const waits = rig.sendAndWait(both);
  await release("kept");
  expect(await waits).toEqual({ taken: true });
  expect([received(rig), received(rig, "bob")]).toEqual([110, 15]);
  await rig.restart();
  expect([received(rig), received(rig, "bob"), archived(rig)]).toEqual([110, 15, 0]);
});

test("no series goes back in time, though what looks into the archive is overtaken", async () => {
  const { rig, batch, rest } = await archivingRig();
  rig.send(batch("alice", 100));
  await rest();
  await rig.sendAndWait(batch("bob", 1));
  rig.left.length = 0;
  const release = rig.holdStore();
  const both = report(rig.table, rig.clock.now(), { alice: [9, 0, 10, 0, 0], bob: [9, 0, 10, 0, 0] }, DELTA);
  const waits = rig.sendAndWait(both);
  rig.clock.advance(100);
  const overtakes = rig.sendAndWait(batch("bob", 5));
  await release("kept");
  expect([await waits, await overtakes]).toEqual([{ taken: true }, { taken: true }]);
  const ofBob = rig.left.flatMap(({ rows }) =>
    rows.filter(({ series }) => series[0]!.attributes["client"] === "bob").map(({ time, values }) => [time, values[2]]),
  );
  const now = rig.clock.now();
  expect(ofBob).toEqual([
    [now, 6],
    [now, 16],
  ]);
});

test("what comes back over max_streams is dropped, and its total stays where it is", async () => {
  const { rig, batch, rest } = await archivingRig({ max_streams: 1 });
  rig.send(batch("alice", 100));
  await rest();
  rig.left.length = 0;
  await rig.sendAndWait(batch("bob", 1));
  await rig.sendAndWait(batch("alice", 10));
  expect([isShown(rig, "alice"), archived(rig)]).toEqual([false, 1]);
  await rest();
  await rig.sendAndWait(batch("alice", 10));
  expect(received(rig)).toBe(110);
});

test("with an archive or without, all totals come to the same", async () => {
  const client = fc.constantFrom("alice", "bob", "carol");
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ client, bytes: fc.nat(50), fails: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ seconds: fc.constantFrom(1, 6, 11, 40) }) },
    { weight: 1, arbitrary: fc.constant({ restart: true as const }) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean(), async (steps, isDelta) => {
      const options: ReportOptions = { told: isDelta ? "delta" : "cumulative" };
      const lives = await Promise.all([archivingRig(), archivingRig({ archive_after: "0s" })]);
      for (const { rig, batch, rest } of lives) {
        const counters: Record<string, number> = {};
        for (const each of steps) {
          if ("seconds" in each) await rest(each.seconds);
          else if ("restart" in each) await rig.restart();
          else {
            const bytes = (counters[each.client] ?? 0) + each.bytes;
            await rig.sendAndWait(batch(each.client, isDelta ? each.bytes : bytes, options), each.fails);
            counters[each.client] = bytes;
          }
        }
      }
      const [one, other] = lives.map(({ rig }) => ["alice", "bob", "carol"].map((name) => received(rig, name)));
      expect(one).toEqual(other);
    }),
    { numRuns: 60 },
  );
});
