import { describe, expect, onTestFinished, test } from "vitest";
import { type QueuedRows, queueStore } from "../../../test/support/queue-store.ts";
import { type SendRig, sendRig } from "../../../test/support/send-rig.ts";
import { SendError } from "./send-error.ts";

const REPORTS_PER_SECOND = 100;
const HOUR_S = 3600;
const REPORTS = REPORTS_PER_SECOND * HOUR_S;
const NODES = ["edge-1", "edge-2", "edge-3"];
const DROPPED = "gostcol_exporter_dropped_items";
/** It moves an hour's reports twice. */
const TIMEOUT_MS = 240_000;

describe("an hour's outage at 100 reports a second", { timeout: TIMEOUT_MS }, () => {
  test("waits in the store, and drains in order after it, with nothing missing and nothing twice", async () => {
    const { store, rig, backend, report } = await outage({ queue_size: 2 * REPORTS });
    expect(await report(HOUR_S)).toEqual({ taken: REPORTS, refused: 0 });
    expect(store.size).toBe(REPORTS);
    backend.isAway = false;
    await rig.pass(120_000);
    const arrived = arrivedAt(rig);
    for (const [index, node] of NODES.entries()) {
      const values = Array.from({ length: REPORTS / NODES.length }, (_, at) => at * NODES.length + index);
      expect(arrived.get(node)).toEqual(values);
    }
    expect(store.size).toBe(0);
    expect(rig.total(DROPPED)).toBe(0);
  });

  test("goes on in order where it is killed in the middle of it", async () => {
    const first = await outage({ queue_size: 2 * REPORTS });
    await first.report(60);
    // What is killed does nothing more: the next one has the store from here on.
    const second = await outage({ queue_size: 2 * REPORTS }, first.store, 60 * REPORTS_PER_SECOND);
    await second.report(60);
    second.backend.isAway = false;
    await second.rig.pass(120_000);
    const all = [...arrivedAt(second.rig).values()].flat();
    expect(all.length).toBe(120 * REPORTS_PER_SECOND);
    for (const values of arrivedAt(second.rig).values()) expect(values).toEqual(values.toSorted((a, b) => a - b));
  });

  test("keeps the first of what it is told, and refuses the rest, where the queue is bounded and refuses", async () => {
    const bound = 5000;
    const { store, rig, backend, report } = await outage({ queue_size: bound });
    expect(await report(HOUR_S)).toEqual({ taken: bound, refused: REPORTS - bound });
    expect(store.largest).toBe(bound);
    backend.isAway = false;
    await rig.pass(120_000);
    const all = [...arrivedAt(rig).values()].flat();
    expect(all.toSorted((a, b) => a - b)).toEqual(Array.from({ length: bound }, (_, at) => at));
    expect(rig.total(DROPPED)).toBe(0);
  });

  test("keeps the last of what it is told, and counts the rest, where the queue is bounded and drops", async () => {
    const bound = 5000;
    const { store, rig, backend, report } = await outage({ queue_size: bound, on_overflow: "drop_oldest" });
    expect(await report(HOUR_S)).toEqual({ taken: REPORTS, refused: 0 });
    // Rows that were dropped leave the store many at once, a moment later.
    expect(store.largest).toBeLessThan(bound + 3 * REPORTS_PER_SECOND);
    backend.isAway = false;
    await rig.pass(120_000);
    const arrived = arrivedAt(rig);
    for (const values of arrived.values()) expect(values).toEqual(values.toSorted((a, b) => a - b));
    const all = [...arrived.values()].flat();
    expect(all.length + rig.total(DROPPED, { reason: "queue_full" })).toBe(REPORTS);
    expect(all.length).toBeGreaterThanOrEqual(bound);
    expect(Math.max(...all)).toBe(REPORTS - 1);
    expect(store.size).toBe(0);
  });
});

interface Outage {
  readonly store: QueuedRows;
  readonly rig: SendRig;
  readonly backend: { isAway: boolean };
  /** Each second of these a hundred reports, numbered, of several nodes in turn. */
  report(seconds: number): Promise<{ readonly taken: number; readonly refused: number }>;
}

async function outage(queue: object, store: QueuedRows = queueStore(), firstNumber = 0): Promise<Outage> {
  const backend = { isAway: true };
  const rig = await sendRig({
    backend: store.backend,
    config: { sending_queue: { ...queue, storage: "file_storage", batch: { min_size: 1, max_size: 2000 } } },
    answer: () => {
      if (backend.isAway) throw new SendError("retryable", "unavailable", "not now");
      return undefined;
    },
  });
  onTestFinished(() => rig.stop(AbortSignal.abort()));
  let number = firstNumber;
  return {
    store,
    rig,
    backend,
    async report(seconds) {
      const outcomes = { taken: 0, refused: 0 };
      for (let second = 0; second < seconds; second++) {
        for (let report = 0; report < REPORTS_PER_SECOND; report++) {
          const outcome = await rig.deliver(`${NODES[number % NODES.length]}/x=${number}`);
          outcomes[outcome.taken ? "taken" : "refused"]++;
          number++;
        }
        await rig.pass(1000);
      }
      return outcomes;
    },
  };
}

/** What the backend took of each node, in the order in which it came. */
function arrivedAt({ taken }: SendRig): ReadonlyMap<string, readonly number[]> {
  const arrived = new Map<string, number[]>(NODES.map((node) => [node, []]));
  for (const text of taken.flatMap(({ points }) => points)) {
    const [, node, value] = /^(.*)\/x=(\d+)$/.exec(text)!;
    arrived.get(node!)!.push(Number(value));
  }
  return arrived;
}
