import { describe, expect, it } from "vitest";
import { silentLog } from "../../test/support/silent-log.ts";
import type { Consumer, Delivery, Load, Origin, Outcome } from "../component/delivery.ts";
import type { Log } from "../component/log.ts";
import { Refusal } from "../component/refusal.ts";
import { type Change, CommitUnknownError, type StateScope, type StoreBackend } from "../component/store.ts";
import type { MemoryLimit } from "../kit/memory-limit.ts";
import { memoryStore } from "../kit/memory-store.ts";
import { NEVER } from "../lib/abort.ts";
import { virtualClock } from "../lib/virtual-clock.ts";
import type { Signal } from "../model/signal.ts";
import { Deliveries, type DeliveryLimits } from "./deliveries.ts";
import { Meters } from "./meters.ts";

const ORIGIN: Origin = {
  peer: { address: "test", transport: "internal" },
  upperBound: { items: 1, bytes: 100 },
  signal: NEVER,
};
const SCOPE: StateScope<number> = {
  name: "totals",
  codec: { encode: () => new Uint8Array(), decode: () => 0 },
  load: async () => new Map(),
};

/** A store that answers when it is told to; each commit's keys are remembered. */
function heldStore() {
  const commits: { readonly keys: readonly string[]; kept(): void; fails(error: Error): void; signal: AbortSignal }[] =
    [];
  const backend: Pick<StoreBackend, "commit"> = {
    commit(changes: readonly Change[], signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      commits.push({ keys: changes.map(({ key }) => key), kept: resolve, fails: reject, signal });
      return promise;
    },
  };
  return { backend, commits };
}

function engine(
  backend: Pick<StoreBackend, "commit" | "gather">,
  options: {
    readonly limits?: Partial<DeliveryLimits>;
    readonly reach?: Consumer<Signal>[];
    readonly log?: Log;
    readonly memory?: MemoryLimit;
  } = {},
) {
  const clock = virtualClock();
  const meters = new Meters();
  const { limits = {}, reach = [], log = silentLog, memory } = options;
  const deliveries = new Deliveries({ backend, clock, log, meter: meters.meter({}), limits, memory });
  const deliver = deliveries.deliverer(reach, meters.meter({ receiver: "in" }));
  const outcomes = { taken: () => meters.total("gostcol_deliveries", { outcome: "taken" }) };
  return { clock, meters, deliveries, deliver, outcomes };
}

const put =
  (key: string, effects: string[] = [], undone: string[] = []) =>
  (delivery: Delivery): void => {
    delivery.transaction.put(SCOPE, key, 1);
    delivery.transaction.onRolledBack(() => undone.push(key));
    delivery.onCommitted(() => effects.push(key));
  };

const reasonOf = (outcome: Outcome) => (outcome.taken ? "taken" : outcome.refusal.reason);

describe("a delivery over a store that does not wait", () => {
  it("is taken before deliver returns, its effects done", () => {
    const effects: string[] = [];
    const { deliver } = engine(memoryStore());
    expect(deliver(ORIGIN, put("a", effects))).toEqual({ taken: true });
    expect(effects).toEqual(["a"]);
  });

  it("is undone last first, shows nothing and is refused as its run says", () => {
    const [effects, undone]: string[][] = [[], []];
    const { deliver, meters } = engine(memoryStore());
    const refusal = new Refusal("permanent", "bad_data", "bad");
    const outcome = deliver(ORIGIN, (delivery) => {
      put("a", effects, undone)(delivery);
      put("b", effects, undone)(delivery);
      throw refusal;
    });
    expect(outcome).toEqual({ taken: false, refusal });
    expect(undone).toEqual(["b", "a"]);
    expect(effects).toEqual([]);
    expect(meters.total("gostcol_deliveries", { outcome: "refused", reason: "bad_data" })).toBe(1);
  });

  it("is refused for now when its run has a bug, which is counted and logged with its stack", () => {
    const logged: unknown[] = [];
    const log: Log = { ...silentLog, error: (_, fields) => logged.push(fields?.["error"]), limited: () => log };
    const { deliver, meters } = engine(memoryStore(), { log });
    const bug = new TypeError("x is not a function");
    const outcome = deliver(ORIGIN, () => {
      throw bug;
    });
    expect(outcome).toMatchObject({ taken: false, refusal: { kind: "retryable", reason: "internal_error" } });
    expect(logged).toEqual([bug]);
    expect(meters.total("gostcol_bugs", { where: "run" })).toBe(1);
  });

  it("does its other effects when one of them throws", () => {
    const effects: string[] = [];
    const { deliver, meters } = engine(memoryStore());
    deliver(ORIGIN, (delivery) => {
      delivery.onCommitted(() => {
        throw new Error("a bug");
      });
      delivery.onCommitted(() => effects.push("second"));
    });
    expect(effects).toEqual(["second"]);
    expect(meters.total("gostcol_bugs", { where: "effect" })).toBe(1);
  });

  it("that begins within an effect is committed when all effects are through", async () => {
    const order: string[] = [];
    const { deliver } = engine(memoryStore());
    let nested: Outcome | Promise<Outcome> | undefined;
    deliver(ORIGIN, (delivery) => {
      delivery.onCommitted(() => {
        nested = deliver(ORIGIN, (inner) => inner.onCommitted(() => order.push("nested")));
        order.push("first");
      });
      delivery.onCommitted(() => order.push("second"));
    });
    expect(order).toEqual(["first", "second", "nested"]);
    expect(await nested).toEqual({ taken: true });
  });

  it("must not be changed after its run has ended", () => {
    const { deliver } = engine(memoryStore());
    let kept: Delivery | undefined;
    deliver(ORIGIN, (delivery) => {
      kept = delivery;
    });
    expect(() => kept!.transaction.put(SCOPE, "a", 1)).toThrow(/BUG/);
  });
});

describe("a delivery over a store that takes its time", () => {
  it("is committed with all that waited for the commit before it", async () => {
    const { backend, commits } = heldStore();
    const effects: string[] = [];
    const { deliver } = engine(backend);
    const outcomes = ["a", "b", "c"].map((key) => deliver(ORIGIN, put(key, effects)));
    expect(commits.map(({ keys }) => keys)).toEqual([["a"]]);
    commits[0]!.kept();
    await outcomes[0];
    expect(effects).toEqual(["a"]);
    expect(commits.map(({ keys }) => keys)).toEqual([["a"], ["b", "c"]]);
    commits[1]!.kept();
    expect(await Promise.all(outcomes)).toEqual([{ taken: true }, { taken: true }, { taken: true }]);
    expect(effects).toEqual(["a", "b", "c"]);
  });

  it("is committed with all that comes while the store gathers", async () => {
    const { backend, commits } = heldStore();
    const ready: (() => void)[] = [];
    const { deliver } = engine({ ...backend, gather: (call) => ready.push(call) });
    const outcomes = ["a", "b"].map((key) => deliver(ORIGIN, put(key)));
    expect(ready).toHaveLength(1);
    expect(commits).toEqual([]);
    ready[0]!();
    outcomes.push(deliver(ORIGIN, put("c")));
    expect(commits.map(({ keys }) => keys)).toEqual([["a", "b"]]);
    commits[0]!.kept();
    expect(await Promise.all(outcomes.slice(0, 2))).toEqual([{ taken: true }, { taken: true }]);
    expect(ready).toHaveLength(2);
    outcomes.push(deliver(ORIGIN, put("d")));
    ready[1]!();
    expect(commits.map(({ keys }) => keys)).toEqual([
      ["a", "b"],
      ["c", "d"],
    ]);
    commits[1]!.kept();
    expect(await Promise.all(outcomes)).toHaveLength(4);
    expect(ready).toHaveLength(2);
  });

  it("is refused with all that built on it when the commit fails, the newest undone first", async () => {
    const { backend, commits } = heldStore();
    const [effects, undone]: string[][] = [[], []];
    const { deliver } = engine(backend);
    const outcomes = ["a", "b"].map((key) => deliver(ORIGIN, put(key, effects, undone)));
    commits[0]!.fails(new Error("disk full"));
    expect((await Promise.all(outcomes)).map(reasonOf)).toEqual(["store_failed", "store_failed"]);
    expect(undone).toEqual(["b", "a"]);
    expect(effects).toEqual([]);
  });

  it("is refused and stays when the store cannot say, and shows when a later commit has kept it", async () => {
    const { backend, commits } = heldStore();
    const [effects, undone]: string[][] = [[], []];
    const { deliver } = engine(backend);
    const first = deliver(ORIGIN, put("a", effects, undone));
    commits[0]!.fails(new CommitUnknownError("no answer"));
    expect(reasonOf(await first)).toBe("store_unknown");
    expect([effects, undone]).toEqual([[], []]);

    const second = deliver(ORIGIN, put("b", effects, undone));
    expect(commits[1]!.keys).toEqual(["a", "b"]);
    commits[1]!.kept();
    expect(await second).toEqual({ taken: true });
    expect(effects).toEqual(["a", "b"]);
    expect(undone).toEqual([]);
  });

  it("that found nothing to change is answered only when what it may have read is kept", async () => {
    const { backend, commits } = heldStore();
    const { deliver } = engine(backend);
    deliver(ORIGIN, put("a"));
    commits[0]!.fails(new CommitUnknownError("no answer"));
    await Promise.resolve();
    const repeat = deliver(ORIGIN, () => {});
    expect(commits[1]!.keys).toEqual(["a"]);
    commits[1]!.kept();
    expect(await repeat).toEqual({ taken: true });
  });

  it("is not waited for beyond the time bound; until the store says something everything is refused at once", async () => {
    const { backend, commits } = heldStore();
    const undone: string[] = [];
    const { deliver, clock } = engine(backend, { limits: { commitTimeoutMs: 50 } });
    const first = deliver(ORIGIN, put("a", [], undone));
    const second = deliver(ORIGIN, put("b", [], undone));
    clock.advance(50);
    expect(reasonOf(await first)).toBe("store_unknown");
    expect(reasonOf(await second)).toBe("store_late");
    expect(undone).toEqual(["b"]);
    expect(commits[0]!.signal.aborted).toBe(true);
    expect(reasonOf(deliver(ORIGIN, put("c")) as Outcome)).toBe("store_late");

    commits[0]!.kept();
    await clock.advanceAsync(0);
    const next = deliver(ORIGIN, put("d"));
    expect(commits[1]!.keys).toEqual(["d"]);
    commits[1]!.kept();
    expect(await next).toEqual({ taken: true });
    expect(clock.liveTimers).toBe(0);
  });
});

describe("deliveries whose runs wait", () => {
  it("do not hold up others while they have staged nothing", () => {
    const { deliver } = engine(memoryStore());
    const waiting = Promise.withResolvers<void>();
    deliver(ORIGIN, () => waiting.promise);
    expect(deliver(ORIGIN, put("a"))).toEqual({ taken: true });
  });

  it("are refused together with what was built on them meanwhile", async () => {
    const undone: string[] = [];
    const { deliver } = engine(memoryStore());
    const waiting = Promise.withResolvers<void>();
    const first = deliver(ORIGIN, (delivery) => {
      put("a", [], undone)(delivery);
      return waiting.promise;
    });
    const second = deliver(ORIGIN, put("b", [], undone));
    waiting.reject(new Refusal("permanent", "bad_data", "bad"));
    expect(reasonOf(await first)).toBe("bad_data");
    expect(reasonOf(await second)).toBe("rolled_back");
    expect(undone).toEqual(["b", "a"]);
  });

  it("are refused without a bug when they end because nobody waits any more", async () => {
    const { deliver, meters } = engine(memoryStore());
    const gone = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const outcome = deliver({ ...ORIGIN, signal: gone.signal }, () => waiting.promise);
    gone.abort();
    waiting.reject(gone.signal.reason);
    expect(reasonOf(await outcome)).toBe("aborted");
    expect(meters.total("gostcol_bugs")).toBe(0);
  });
});

describe("admission", () => {
  it("asks everything that can be reached before anything runs", () => {
    const full = new Refusal("retryable", "queue_full", "the queue is full", { retryAfterMs: 1000 });
    const asked: unknown[] = [];
    const reach: Consumer<Signal>[] = [
      {
        consume: () => {},
        admit: (load) => {
          asked.push(load);
          return undefined;
        },
      },
      { consume: () => {}, admit: () => full },
    ];
    const { deliver } = engine(memoryStore(), { reach });
    expect(deliver(ORIGIN, () => expect.unreachable())).toEqual({ taken: false, refusal: full });
    expect(asked).toEqual([{ items: 1, bytes: 100 }]);
  });

  it("keeps a reserve for what cannot be sent again", () => {
    const { deliver } = engine(heldStore().backend, { limits: { deliveriesMax: 10, reserve: 0.1 } });
    const outcomes = Array.from({ length: 10 }, (_, index) => deliver(ORIGIN, put(String(index))));
    expect(outcomes[8]).toBeInstanceOf(Promise);
    expect(reasonOf(outcomes[9] as Outcome)).toBe("too_many_deliveries");
    expect(deliver({ ...ORIGIN, irreplaceable: true }, put("status"))).toBeInstanceOf(Promise);
  });

  it("bounds what is under way by its bytes, but lets one alone be larger", () => {
    const { deliver } = engine(heldStore().backend, { limits: { bytesMax: 1000, reserve: 0 } });
    const large: Origin = { ...ORIGIN, upperBound: { items: 1, bytes: 5000 } };
    expect(deliver(large, put("a"))).toBeInstanceOf(Promise);
    expect(reasonOf(deliver(ORIGIN, put("b")) as Outcome)).toBe("too_many_bytes");
  });
});

describe("what is refused for want of room", () => {
  it("is what comes while too much waits for the store, and what the process might die of", () => {
    const memory = { short: false };
    const hasRoom = (_: Load, irreplaceable: boolean) => irreplaceable || !memory.short;
    const { deliver, deliveries, meters } = engine(heldStore().backend, {
      limits: { stagedMax: 6 },
      memory: { hasRoom } as MemoryLimit,
    });
    deliver(ORIGIN, put("in the commit"));
    deliver(ORIGIN, put("a"));
    deliver(ORIGIN, put("b"));
    const status = { ...ORIGIN, irreplaceable: true };
    expect(reasonOf(deliver(ORIGIN, put("c")) as Outcome)).toBe("too_much_staged");
    expect(reasonOf(deliver(status, put("c")) as Outcome)).toBe("too_much_staged");
    deliveries.limit({ stagedMax: 100 });
    memory.short = true;
    expect(reasonOf(deliver(ORIGIN, put("c")) as Outcome)).toBe("out_of_memory");
    expect(deliver(status, put("status"))).toBeInstanceOf(Promise);
    const counted = (reason: string) => meters.total("gostcol_deliveries", { outcome: "refused", reason });
    expect([counted("too_much_staged"), counted("out_of_memory")]).toEqual([2, 1]);
  });

  it("is what the store would not keep within a second, as slow as it is", async () => {
    const { backend, commits } = heldStore();
    const { deliver, clock } = engine(backend);
    const large = (delivery: Delivery) => {
      for (let index = 0; index < 20_000; index++) delivery.transaction.put(SCOPE, String(index), 1);
    };
    const first = deliver(ORIGIN, large) as Promise<Outcome>;
    clock.advance(2000);
    commits[0]!.kept();
    await first;
    deliver(ORIGIN, large);
    expect(deliver(ORIGIN, large)).toBeInstanceOf(Promise);
    // Half of what took 2 s wait already, and more.
    expect(reasonOf(deliver(ORIGIN, large) as Outcome)).toBe("too_much_staged");
  });

  it("can be asked for before there is a delivery, and is counted then", () => {
    const { deliver, deliveries, meters } = engine(heldStore().backend, { limits: { bytesMax: 1000, reserve: 0 } });
    const crowded = deliveries.crowded([], meters.meter({ receiver: "in" }));
    expect(crowded(5000)).toBeUndefined();
    deliver(ORIGIN, put("a"));
    expect([crowded(900), crowded(901)?.reason]).toEqual([undefined, "too_many_bytes"]);
    deliveries.close();
    expect(crowded(1)?.reason).toBe("shutting_down");
    expect(meters.total("gostcol_deliveries", { receiver: "in", outcome: "refused" })).toBe(2);
  });
});

describe("draining", () => {
  it("waits for what is under way, and then everything is refused", async () => {
    const { backend, commits } = heldStore();
    const { deliver, deliveries } = engine(backend);
    const outcome = deliver(ORIGIN, put("a"));
    let drained = false;
    const draining = deliveries.drained(NEVER).then(() => {
      drained = true;
    });
    await Promise.resolve();
    expect(drained).toBe(false);
    commits[0]!.kept();
    expect(await outcome).toEqual({ taken: true });
    await draining;
    deliveries.close();
    expect(reasonOf(deliver(ORIGIN, put("b")) as Outcome)).toBe("shutting_down");
  });

  it("gives up at the deadline", async () => {
    const { deliver, deliveries } = engine(heldStore().backend);
    deliver(ORIGIN, put("a"));
    const late = new AbortController();
    const draining = deliveries.drained(late.signal);
    late.abort(new Error("too late"));
    await expect(draining).rejects.toThrow("too late");
  });
});
