import { describe, expect, onTestFinished, test } from "vitest";
import { type SendRig, type SendRigOptions, sendRig } from "../../../test/support/send-rig.ts";
import type { StoreBackend } from "../../component/store.ts";
import { memoryStore } from "../memory-store.ts";
import { SendError } from "./send-error.ts";

const DROPPED = "gostcol_exporter_dropped_items";
const SENT = "otelcol_exporter_sent_metric_points";
/** No randomness in the waits, so that tests can tell their lengths. */
const EVEN = { initial_interval: "1s", randomization_factor: 0, multiplier: 2, max_interval: "8s" };

const unavailable = (retryAfterMs?: number) => new SendError("retryable", "unavailable", "away", { retryAfterMs });
const bad = () => new SendError("permanent", "bad_data", "this is bad");

async function rigOf(options: SendRigOptions = {}): Promise<SendRig> {
  const rig = await sendRig(options);
  onTestFinished(() => rig.stop(AbortSignal.abort()));
  return rig;
}

const pointsOf = ({ sent }: SendRig) => sent.map(({ points }) => points.join(" "));
const timesOf = ({ sent }: SendRig) => sent.map(({ atMs }) => atMs);

/** Answers of which a test decides when they come. */
function heldAnswers() {
  const waiting: PromiseWithResolvers<undefined>[] = [];
  return {
    waiting,
    answer: () => {
      const held = Promise.withResolvers<undefined>();
      waiting.push(held);
      return held.promise;
    },
  };
}

test("what was committed is sent, one request for each delivery, in order", async () => {
  const rig = await rigOf();
  await rig.deliver("a/x=1", "a/y=2");
  await rig.deliver("a/x=3");
  await rig.pass();
  expect(pointsOf(rig)).toEqual(["a/x=1 a/y=2", "a/x=3"]);
  expect(rig.total(SENT)).toBe(3);
});

test("what the store does not keep is never sent", async () => {
  const backend: StoreBackend = {
    ...memoryStore(),
    commit: () => Promise.reject(new Error("the disk is full")),
  };
  const rig = await rigOf({ backend, config: { sending_queue: { storage: "file_storage" } } });
  expect(await rig.deliver("a/x=1")).toMatchObject({ taken: false, refusal: { reason: "store_failed" } });
  await rig.pass(1000);
  expect(rig.sent).toEqual([]);
  expect(rig.total("otelcol_exporter_queue_size", { data_type: "metrics" })).toBe(0);
});

describe("a full queue", () => {
  const full = { num_consumers: 1, queue_size: 2 };

  test("refuses before anything runs, and takes again once there is room", async () => {
    const { answer, waiting } = heldAnswers();
    const rig = await rigOf({ answer, config: { sending_queue: full } });
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    expect(await rig.deliver("a/x=3")).toMatchObject({
      taken: false,
      refusal: { kind: "retryable", reason: "queue_full" },
    });
    waiting[0]!.resolve(undefined);
    await rig.pass();
    expect(await rig.deliver("a/x=4")).toEqual({ taken: true });
  });

  test("drops the oldest that waits, and counts it, where it is told to", async () => {
    const { answer, waiting } = heldAnswers();
    const rig = await rigOf({ answer, config: { sending_queue: { ...full, on_overflow: "drop_oldest" } } });
    for (const value of [1, 2, 3, 4]) await rig.deliver(`a/x=${value}`);
    for (let round = 0; round < 2; round++) {
      waiting[round]!.resolve(undefined);
      await rig.pass();
    }
    expect(pointsOf(rig)).toEqual(["a/x=1", "a/x=4"]);
    expect(rig.total(DROPPED, { data_type: "metrics", reason: "queue_full" })).toBe(2);
    expect(rig.total("otelcol_exporter_enqueue_failed_metric_points")).toBe(2);
  });

  test("makes the sender wait with block_on_overflow", async () => {
    const { answer, waiting } = heldAnswers();
    const rig = await rigOf({ answer, config: { sending_queue: { ...full, block_on_overflow: true } } });
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    let taken = false;
    void Promise.resolve(rig.deliver("a/x=3")).then((outcome) => {
      taken = outcome.taken;
    });
    await rig.pass(3000);
    expect(taken).toBe(false);
    waiting[0]!.resolve(undefined);
    await rig.pass();
    expect(taken).toBe(true);
  });
});

test("without a queue only what is being sent is held", async () => {
  const { answer, waiting } = heldAnswers();
  const rig = await rigOf({ answer, config: { sending_queue: { enabled: false, num_consumers: 1, batch: {} } } });
  await rig.deliver("a/x=1");
  expect(await rig.deliver("a/x=2")).toMatchObject({ taken: false, refusal: { reason: "queue_full" } });
  waiting[0]!.resolve(undefined);
  await rig.pass();
  expect(await rig.deliver("a/x=3")).toEqual({ taken: true });
  expect(pointsOf(rig)).toEqual(["a/x=1", "a/x=3"]);
});

describe("what fails", () => {
  test("is tried again with growing waits until it is through, and what is behind it keeps its place", async () => {
    let failures = 3;
    const rig = await rigOf({
      config: { retry_on_failure: EVEN },
      answer: () => {
        if (failures-- > 0) throw unavailable();
        return undefined;
      },
    });
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    await rig.pass(7000);
    expect(pointsOf(rig)).toEqual(["a/x=1", "a/x=1", "a/x=1", "a/x=1", "a/x=2"]);
    expect(timesOf(rig)).toEqual([0, 1000, 3000, 7000, 7000]);
    expect(rig.total(DROPPED, { data_type: "metrics", reason: "max_elapsed_time" })).toBe(0);
  });

  test("holds up its own resource only", async () => {
    const rig = await rigOf({
      answer: ({ points }) => {
        if (points[0]!.startsWith("a/")) throw unavailable();
        return undefined;
      },
    });
    await rig.deliver("a/x=1");
    await rig.deliver("b/x=1");
    await rig.deliver("b/x=2");
    await rig.pass();
    expect(pointsOf(rig)).toEqual(["a/x=1", "b/x=1", "b/x=2"]);
  });

  test("waits as long as the backend asks for, where that is longer", async () => {
    let failures = 1;
    const rig = await rigOf({
      config: { retry_on_failure: EVEN },
      answer: () => {
        if (failures-- > 0) throw unavailable(20_000);
        return undefined;
      },
    });
    await rig.deliver("a/x=1");
    await rig.pass(30_000);
    expect(timesOf(rig)).toEqual([0, 20_000]);
  });

  test("waits for an hour at the most, whatever the backend asks for", async () => {
    const rig = await rigOf({
      config: { retry_on_failure: EVEN },
      answer: () => {
        throw unavailable(400 * 86_400_000);
      },
    });
    await rig.deliver("a/x=1");
    await rig.pass(3_600_000);
    expect(timesOf(rig)).toEqual([0, 3_600_000]);
  });

  test("is given up after max_elapsed_time, where there is one", async () => {
    const rig = await rigOf({
      config: {
        retry_on_failure: { ...EVEN, max_elapsed_time: "10s" },
        circuit_breaker: { enabled: false },
      },
      answer: () => {
        throw unavailable();
      },
    });
    await rig.deliver("a/x=1", "a/y=1");
    await rig.pass(60_000);
    expect(timesOf(rig)).toEqual([0, 1000, 3000, 7000]);
    expect(rig.total(DROPPED, { data_type: "metrics", reason: "max_elapsed_time" })).toBe(2);
    expect(rig.deadLetters).toMatchObject([{ reason: "max_elapsed_time" }]);
  });

  test("for good goes to the dead letters with the reason, and the next one is sent", async () => {
    const rig = await rigOf({
      answer: ({ points }) => {
        if (points[0] === "a/x=1") throw bad();
        return undefined;
      },
    });
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    await rig.pass();
    expect(pointsOf(rig)).toEqual(["a/x=1", "a/x=2"]);
    expect(rig.deadLetters).toMatchObject([{ signal: "metrics", reason: "bad_data", message: "this is bad" }]);
    expect(rig.total(DROPPED, { data_type: "metrics", reason: "bad_data" })).toBe(1);
    expect(rig.total("otelcol_exporter_send_failed_metric_points")).toBe(1);
  });

  test("because it is too large at once is sent in halves; only what is too large by itself is refused for good", async () => {
    const rig = await rigOf({
      answer: ({ points }) => {
        if (points.length > 2 || points.includes("a/huge=1")) {
          throw new SendError("permanent", "http_413", "too much", { isTooLarge: true });
        }
        return undefined;
      },
    });
    await rig.deliver("a/v=1", "a/w=1", "a/huge=1", "a/x=1", "a/y=1");
    await rig.deliver("a/z=1");
    await rig.pass();
    expect(pointsOf(rig)).toEqual([
      "a/v=1 a/w=1 a/huge=1 a/x=1 a/y=1",
      "a/v=1 a/w=1 a/huge=1",
      "a/v=1 a/w=1",
      "a/huge=1",
      "a/x=1 a/y=1",
      "a/z=1",
    ]);
    expect([rig.total(SENT), rig.total(DROPPED, { reason: "http_413" })]).toEqual([5, 1]);
    expect(rig.deadLetters).toHaveLength(1);
  });

  test("to be answered in time was aborted, and is tried again", async () => {
    let attempts = 0;
    const rig = await rigOf({
      config: { timeout: "2s", retry_on_failure: EVEN },
      answer: ({ signal }) =>
        ++attempts > 1
          ? undefined
          : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    });
    await rig.deliver("a/x=1");
    await rig.pass(3000);
    expect(timesOf(rig)).toEqual([0, 3000]);
  });

  test("in part is a success, and what was rejected is counted", async () => {
    const rig = await rigOf({ answer: () => ({ rejected: 1, message: "one was too old" }) });
    await rig.deliver("a/x=1", "a/y=1");
    await rig.pass();
    expect(rig.total(SENT)).toBe(1);
    expect(rig.total(DROPPED, { data_type: "metrics", reason: "partial_success" })).toBe(1);
  });
});

test("the circuit breaker leaves a failing backend alone, probes it, and lets all through once it is back", async () => {
  let away = true;
  const rig = await rigOf({
    config: { retry_on_failure: EVEN, circuit_breaker: { failure_threshold: 3, open_for: "30s" } },
    answer: () => {
      if (away) throw unavailable();
      return undefined;
    },
  });
  for (const node of ["a", "b", "c", "d"]) {
    await rig.deliver(`${node}/x=1`);
    await rig.pass();
  }
  await rig.pass(29_000);
  // Nothing is tried while it is open, the fourth resource's neither.
  expect(rig.sent).toHaveLength(3);
  expect(await rig.exporter.health?.(AbortSignal.abort())).toMatchObject({ status: "failed" });
  await rig.pass(2000);
  expect(rig.sent).toHaveLength(4);
  away = false;
  await rig.pass(30_000);
  expect(rig.total(SENT)).toBe(4);
  expect(rig.statuses.at(-1)).toEqual({ state: "ok" });
  expect(await rig.exporter.health?.(AbortSignal.abort())).toEqual({ status: "ok" });
});

describe("batching", () => {
  const told = { itemsMin: 3, itemsMax: 0, flushTimeoutMs: 5_000 };

  test("is what the graph tells, from then on and for what waits", async () => {
    const rig = await rigOf();
    rig.exporter.metrics!.batching!(told);
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    await rig.pass(1_000);
    expect(rig.sent).toEqual([]);
    rig.exporter.metrics!.batching!({ ...told, itemsMin: 2 });
    await rig.pass();
    await rig.deliver("a/x=3");
    await rig.pass(5_000);
    await rig.deliver("a/x=4");
    rig.exporter.metrics!.batching!(undefined);
    await rig.pass();
    expect(pointsOf(rig)).toEqual(["a/x=1 a/x=2", "a/x=3", "a/x=4"]);
    expect(timesOf(rig)).toEqual([1_000, 6_000, 6_000]);
  });

  test("that the graph tells changes nothing of the queue's own, nor of a chain that has stopped", async () => {
    const rig = await rigOf({ config: { sending_queue: { batch: { min_size: 1 } } } });
    rig.exporter.metrics!.batching!(told);
    await rig.deliver("a/x=1");
    await rig.pass();
    expect(pointsOf(rig)).toEqual(["a/x=1"]);
    await rig.stop();
    rig.exporter.metrics!.batching!(undefined);
    expect(rig.clock.liveTimers).toBe(0);
  });

  test("joins deliveries until there is enough, or the oldest has waited long enough", async () => {
    const rig = await rigOf({ config: { sending_queue: { batch: { min_size: 3, flush_timeout: "5s" } } } });
    await rig.deliver("a/x=1");
    await rig.deliver("a/x=2");
    await rig.pass(4000);
    expect(rig.sent).toEqual([]);
    await rig.deliver("a/x=3", "a/x=4");
    await rig.pass();
    await rig.deliver("a/x=5");
    await rig.pass(5000);
    expect(pointsOf(rig)).toEqual(["a/x=1 a/x=2 a/x=3 a/x=4", "a/x=5"]);
    expect(timesOf(rig)).toEqual([4000, 9000]);
  });

  test("cuts what is larger than a request may be", async () => {
    const rig = await rigOf({ config: { sending_queue: { batch: { min_size: 2, max_size: 2 } } } });
    await rig.deliver("a/x=1", "a/x=2", "a/x=3", "a/x=4", "a/x=5");
    await rig.pass();
    expect(pointsOf(rig)).toEqual(["a/x=1 a/x=2", "a/x=3 a/x=4", "a/x=5"]);
  });
});

describe("a compact queue", () => {
  const config = { sending_queue: { compact: true, num_consumers: 1, queue_size: 2 } };

  test("keeps the newest value of each cumulative series, however long the backend is away", async () => {
    let away = true;
    const rig = await rigOf({
      config,
      answer: () => {
        if (away) throw unavailable();
        return undefined;
      },
    });
    for (let value = 1; value <= 100; value++) {
      expect(await rig.deliver(`a/x=${value}`, `a/y=${value * 2}`)).toEqual({ taken: true });
    }
    away = false;
    await rig.pass(60_000);
    expect(pointsOf(rig).at(-1)).toBe("a/x=100 a/y=200");
    expect(rig.total(SENT)).toBe(4);
  });

  test("keeps every delta", async () => {
    const { answer, waiting } = heldAnswers();
    const rig = await rigOf({
      config: { sending_queue: { compact: true, num_consumers: 1 } },
      answer,
      temporality: "delta",
    });
    for (let value = 1; value <= 3; value++) await rig.deliver(`a/x=${value}`);
    for (let round = 0; round < 3; round++) {
      waiting[round]!.resolve(undefined);
      await rig.pass();
    }
    expect(pointsOf(rig)).toEqual(["a/x=1", "a/x=2", "a/x=3"]);
  });
});

describe("a queue in the store", () => {
  const config = {
    sending_queue: { storage: "file_storage", queue_size: 2000, batch: { min_size: 1, max_size: 50 } },
    retry_on_failure: EVEN,
  };

  test("goes on after a kill where it was, in order, with nothing missing and nothing that had been sent", async () => {
    const backend = memoryStore();
    let away = true;
    const answer = () => {
      if (away) throw unavailable();
      return undefined;
    };
    const killed = await rigOf({ backend, config, answer });
    for (let value = 1; value <= 1000; value++) await killed.deliver(`a/x=${value}`);
    const after = await rigOf({ backend, config, answer });
    expect(after.total("otelcol_exporter_queue_size", { data_type: "metrics" })).toBe(1000);
    await after.deliver("a/x=1001");
    away = false;
    await after.pass(60_000);
    const arrived = after.sent.flatMap(({ points }) => points);
    const inOrder = Array.from({ length: 1001 }, (_, index) => `a/x=${index + 1}`);
    expect(arrived.slice(-1001)).toEqual(inOrder);
    await after.stop();
    const last = await rigOf({ backend, config, answer });
    await last.pass(60_000);
    expect(last.sent).toEqual([]);
  });

  test("stays in the store when the exporter stops in an outage", async () => {
    const backend = memoryStore();
    const first = await rigOf({
      backend,
      config,
      answer: () => {
        throw unavailable();
      },
    });
    await first.deliver("a/x=1");
    await first.pass(5000);
    await first.stop();
    expect(first.total(DROPPED, { data_type: "metrics", reason: "shutdown" })).toBe(0);
    const second = await rigOf({ backend, config });
    await second.pass(1000);
    expect(pointsOf(second)).toEqual(["a/x=1"]);
  });
});

test("what the store cannot give back is counted, and nothing is sent in its place", async () => {
  const backend = memoryStore();
  const config = { sending_queue: { storage: "file_storage" } };
  const first = await rigOf({ backend, config, answer: () => Promise.reject(unavailable()) });
  await first.deliver("a/x=1");
  await first.deliver("a/x=2");
  await first.stop();
  const damaged: StoreBackend = {
    ...backend,
    async page(scope, range, signal) {
      const page = await backend.page(scope, range, signal);
      // As the real one leaves out what it has set aside: found when it is read for sending.
      return range.after === undefined ? page : { ...page, rows: page.rows.filter(([key]) => !/^0*1$/.test(key)) };
    },
  };
  const second = await rigOf({ backend: damaged, config });
  await second.pass(1000);
  expect(pointsOf(second)).toEqual(["a/x=2"]);
  expect(second.total(DROPPED, { reason: "unreadable" })).toBe(1);
  expect(second.total("otelcol_exporter_queue_size", { data_type: "metrics" })).toBe(0);
});

describe("when it stops", () => {
  test("what waits in memory is sent, one attempt for each", async () => {
    const { answer, waiting } = heldAnswers();
    const rig = await rigOf({ answer, config: { sending_queue: { num_consumers: 1 } } });
    for (const value of [1, 2, 3]) await rig.deliver(`a/x=${value}`);
    const stopped = rig.stop();
    for (let round = 0; round < 3; round++) {
      waiting[round]!.resolve(undefined);
      await rig.pass();
    }
    await stopped;
    expect(pointsOf(rig)).toEqual(["a/x=1", "a/x=2", "a/x=3"]);
  });

  test("what is left at the deadline is counted", async () => {
    const { answer } = heldAnswers();
    const rig = await rigOf({
      answer: ({ signal }) =>
        Promise.race([
          answer(),
          new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        ]),
      config: { sending_queue: { num_consumers: 1 } },
    });
    for (const value of [1, 2, 3]) await rig.deliver(`a/x=${value}`);
    const deadline = new AbortController();
    const stopped = rig.stop(deadline.signal);
    await rig.pass();
    deadline.abort();
    await stopped;
    await rig.pass();
    expect(rig.total(DROPPED, { data_type: "metrics", reason: "shutdown" })).toBe(3);
  });
});
