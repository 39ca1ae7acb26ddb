import fc from "fast-check";
import { expect, it } from "vitest";
import { silentLog } from "../../test/support/silent-log.ts";
import type { Delivery, Outcome } from "../component/delivery.ts";
import { Refusal } from "../component/refusal.ts";
import { type Change, CommitUnknownError, type StateScope, type StoreBackend } from "../component/store.ts";
import { NEVER } from "../lib/abort.ts";
import { sleep } from "../lib/clock.ts";
import { type VirtualClock, virtualClock } from "../lib/virtual-clock.ts";
import { Deliveries } from "./deliveries.ts";
import { Meters } from "./meters.ts";

/**
 * A component that keeps a total for each key, under deliveries whose runs wait and fail, over a store that is late,
 * fails, and does not say. Whatever happens, memory, disk and what was shown must agree with the outcomes.
 */

const COMMIT_TIMEOUT_MS = 10;

type Step = { readonly type: "add" | "read"; readonly key: string } | { readonly type: "wait"; readonly ms: number };

interface Plan {
  readonly steps: readonly Step[];
  readonly end: "ok" | "refuse" | "bug";
  readonly afterMs: number;
}

type CommitFate = "at_once" | "fails_at_once" | { readonly ms: number; readonly end: "kept" | "failed" | Unknown };
type Unknown = "unknown_kept" | "unknown_lost";

const key = fc.constantFrom("a", "b");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constant("add" as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("read" as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 6 }) }) },
);
const plan: fc.Arbitrary<Plan> = fc.record({
  steps: fc.array(step, { maxLength: 6 }),
  end: fc.oneof(
    { weight: 5, arbitrary: fc.constant("ok" as const) },
    fc.constantFrom("refuse" as const, "bug" as const),
  ),
  afterMs: fc.integer({ min: 0, max: 4 }),
});
const fate: fc.Arbitrary<CommitFate> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("at_once" as const) },
  fc.constant("fails_at_once" as const),
  {
    weight: 5,
    arbitrary: fc.record({
      ms: fc.integer({ min: 0, max: 2 * COMMIT_TIMEOUT_MS }),
      end: fc.constantFrom(
        "kept" as const,
        "kept" as const,
        "failed" as const,
        "unknown_kept" as const,
        "unknown_lost" as const,
      ),
    }),
  },
);

it("memory, disk and what is shown agree with the outcomes, whatever the store does", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(plan, { minLength: 1, maxLength: 12 }),
      fc.array(fate, { maxLength: 12 }),
      fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
      live,
    ),
    { numRuns: 1500 },
  );
});

/** `gatherMs`: how long the store gathers before each commit; absent where it does not. */
async function live(plans: readonly Plan[], fates: readonly CommitFate[], gatherMs?: number): Promise<void> {
  const clock = virtualClock();
  const disk = scriptedDisk(clock, fates, gatherMs);
  const limits = { commitTimeoutMs: COMMIT_TIMEOUT_MS };
  const meters = new Meters();
  const deliveries = new Deliveries({ backend: disk.backend, clock, log: silentLog, meter: meters.meter({}), limits });
  const deliver = deliveries.deliverer([], meters.meter({}));
  const totals = new Map<string, number>();
  const shown = new Map<string, number>();
  const effects: { delivery: number; add: number }[] = [];
  const outcomes: (Outcome | undefined)[] = plans.map(() => undefined);
  const added: Map<string, number>[] = plans.map(() => new Map());

  const add = (key: string, index: number, delivery: Delivery) => {
    const before = totals.get(key) ?? 0;
    totals.set(key, before + 1);
    const adds = added[index]!;
    const add = (adds.get(key) ?? 0) + 1;
    adds.set(key, add);
    delivery.transaction.put(SCOPE, key, before + 1);
    delivery.transaction.onRolledBack(() => totals.set(key, before));
    delivery.onCommitted(() => {
      expect(disk.rows.get(key) ?? 0, "shown is on disk").toBeGreaterThanOrEqual(before + 1);
      expect(shown.get(key) ?? 0, "shown in the order of its making").toBe(before);
      shown.set(key, before + 1);
      effects.push({ delivery: index, add });
    });
  };
  const run = (plan: Plan, index: number) => {
    let read = new Map<string, number>();
    const runSteps = (steps: readonly Step[], delivery: Delivery): void | Promise<void> => {
      for (const [at, step] of steps.entries()) {
        if (step.type === "wait") {
          const rest = () => runSteps(steps.slice(at + 1), delivery);
          return sleep(clock, step.ms, NEVER).then(rest);
        }
        if (step.type === "add") add(step.key, index, delivery);
        else read = new Map([...read, [step.key, totals.get(step.key) ?? 0]]);
      }
      if (plan.end === "refuse") throw new Refusal("permanent", "bad_data", "bad data");
      if (plan.end === "bug") throw new TypeError("a bug");
    };
    const settled = (outcome: Outcome) => {
      outcomes[index] = outcome;
      if (!outcome.taken) return;
      for (const [key, value] of read) {
        expect(disk.rows.get(key) ?? 0, "what a taken delivery read is on disk").toBeGreaterThanOrEqual(value);
      }
    };
    const origin = { peer: PEER, upperBound: { items: 1, bytes: 1 }, signal: NEVER };
    const outcome = deliver(origin, (delivery) => runSteps(plan.steps, delivery));
    return outcome instanceof Promise ? outcome.then(settled) : settled(outcome);
  };

  const waiting: (void | Promise<void>)[] = [];
  for (const [index, plan] of plans.entries()) {
    await clock.advanceAsync(plan.afterMs);
    waiting.push(run(plan, index));
  }
  await clock.advanceAsync(1000);
  await Promise.all(waiting);
  await deliveries.drained(NEVER);

  // A last delivery over a store that works brings what is still carried to the disk.
  disk.heal();
  expect(await deliver({ peer: PEER, upperBound: { items: 0, bytes: 0 }, signal: NEVER }, () => {})).toEqual({
    taken: true,
  });
  const stays = (outcome: Outcome) => outcome.taken || outcome.refusal.reason === "store_unknown";
  const expected = new Map<string, number>();
  for (const [index, outcome] of outcomes.entries()) {
    const adds = added[index]!;
    if (!stays(outcome!)) {
      expect(effects.filter(({ delivery }) => delivery === index)).toEqual([]);
      continue;
    }
    for (const [key, count] of adds) expected.set(key, (expected.get(key) ?? 0) + count);
  }
  const withoutZeros = (map: ReadonlyMap<string, number>) => [...map].filter(([, value]) => value !== 0).sort();
  expect(withoutZeros(totals), "memory").toEqual(withoutZeros(expected));
  expect(withoutZeros(disk.rows), "disk").toEqual(withoutZeros(expected));
  expect(withoutZeros(shown), "shown").toEqual(withoutZeros(expected));
  expect(clock.liveTimers).toBe(0);
}

const PEER = { address: "test", transport: "internal" } as const;
const SCOPE: StateScope<number> = {
  name: "totals",
  codec: { encode: () => new Uint8Array(), decode: () => 0 },
  load: async () => new Map(),
};

function scriptedDisk(clock: VirtualClock, fates: readonly CommitFate[], gatherMs: number | undefined) {
  const rows = new Map<string, number>();
  const queue = [...fates];
  let busy = false;
  const keep = (changes: readonly Change[]) => {
    for (const { key, value } of changes) rows.set(key, value as number);
  };
  let waitMs = gatherMs;
  const gather = (ready: () => void) => {
    expect(busy, "a commit that waits for the one before it").toBe(false);
    if (waitMs === undefined) ready();
    else clock.after(waitMs, ready);
  };
  const backend: Pick<StoreBackend, "commit" | "gather"> = {
    ...(gatherMs !== undefined && { gather }),
    commit(changes, signal) {
      expect(busy, "one commit at a time").toBe(false);
      const fate = queue.shift() ?? "at_once";
      if (fate === "fails_at_once") throw new Error("disk full");
      if (fate === "at_once") return keep(changes);
      busy = true;
      return (async () => {
        // Deaf to the signal on every other occasion, as a stuck disk is.
        await sleep(clock, fate.ms, fate.ms % 2 === 0 ? signal : NEVER).catch(() => {});
        busy = false;
        if (fate.end === "failed") throw new Error("disk full");
        if (fate.end !== "unknown_lost") keep(changes);
        if (fate.end !== "kept") throw new CommitUnknownError("no answer");
      })();
    },
  };
  const heal = () => {
    queue.splice(0);
    waitMs = undefined;
  };
  return { backend, rows, heal };
}
