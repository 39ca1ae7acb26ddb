import { describe, expect, it } from "vitest";
import { agentRig, checkedConfig } from "../../test/support/fake-agent.ts";
import { fakeWorld, metricsBatch, ORIGIN, send } from "../../test/support/fake-components.ts";
import type { Outcome } from "../component/delivery.ts";
import type { StateScope, StoreBackend } from "../component/store.ts";
import { memoryStore } from "../kit/memory-store.ts";
import { NEVER } from "../lib/abort.ts";

const yaml = (text: {
  readonly in?: string;
  readonly change?: string;
  readonly out?: string;
  readonly exporters?: string;
}) => `
receivers: { in: { text: "${text.in ?? ""}" } }
processors: { change: { text: "${text.change ?? ""}" } }
exporters: { out: { text: "${text.out ?? ""}" }, out/2: , out/3: }
service:
  pipelines:
    metrics: { receivers: [in], processors: [change], exporters: [${text.exporters ?? "out"}] }
`;

async function running(text = yaml({})) {
  const world = fakeWorld();
  const rig = await agentRig(text, world.registry);
  await rig.agent.start(NEVER);
  world.journal.length = 0;
  const reload = async (text: string) => rig.agent.reload(await checkedConfig(text, world.registry));
  return { ...rig, world, reload };
}

const GONE = new Error("the port is taken");
const consumed = (world: ReturnType<typeof fakeWorld>) =>
  world.journal.filter((entry) => entry.startsWith("consume")).map((entry) => entry.split(" ")[1]);

describe("a reload", () => {
  it("touches nothing where nothing changed", async () => {
    const { reload, world } = await running();
    expect(await reload(yaml({}))).toMatchObject({
      added: [],
      removed: [],
      changed: [],
      kept: ["exporter:out", "processor:change@metrics", "receiver:in"],
    });
    expect(world.journal).toEqual([]);
  });

  it("takes new limits over", async () => {
    const { reload, world } = await running();
    const limited = `${yaml({})}  limits: { max_mib_in_flight: 1 }\n`;
    const large = { ...ORIGIN, upperBound: { items: 1, bytes: 2 * 1024 ** 2 } };
    const deliver = async () => {
      const slow = Promise.withResolvers<void>();
      const first = world.receivers.get("in")!.deps.deliver(ORIGIN, () => slow.promise);
      const outcome = world.receivers.get("in")!.deps.deliver(large, () => {}) as Outcome;
      slow.resolve();
      await first;
      return outcome.taken ? "taken" : outcome.refusal.reason;
    };
    expect(await deliver()).toBe("taken");
    expect(await reload(limited)).toMatchObject({ limits: true, changed: [] });
    expect(await deliver()).toBe("too_many_bytes");
    expect(await reload(yaml({}))).toMatchObject({ limits: true });
    expect(await deliver()).toBe("taken");
  });

  it("starts an exporter that was added, and leaves all others alone", async () => {
    const { reload, world, agent } = await running();
    expect(await reload(yaml({ exporters: "out, out/2" }))).toMatchObject({ added: ["exporter:out/2"], changed: [] });
    expect(world.journal).toEqual(["load exporter:out/2", "start exporter:out/2"]);
    expect(send(world, metricsBatch(1))).toEqual({ taken: true });
    expect(consumed(world)).toEqual(["change:change", "exporter:out", "exporter:out/2"]);
    expect(agent.statuses.get("exporter:out/2")).toEqual({ state: "ok" });
  });

  it("stops an exporter that was removed, and keeps its books", async () => {
    const { reload, world, agent } = await running(yaml({ exporters: "out, out/2" }));
    send(world, metricsBatch(3));
    expect(await reload(yaml({}))).toMatchObject({ removed: ["exporter:out/2"] });
    expect(world.journal.at(-1)).toBe("stop exporter:out/2");
    send(world, metricsBatch(1));
    const { tally } = await agent.stop();
    expect(tally.map(({ id, incoming }) => [id, incoming])).toEqual(
      expect.arrayContaining([
        ["out", 4],
        ["out/2", 3],
      ]),
    );
    expect(world.journal.filter((entry) => entry === "stop exporter:out/2")).toHaveLength(1);
  });

  it("shows what is stored to an exporter that was added, and to no other", async () => {
    const { reload, world } = await running();
    world.script["change"] = {
      async restore(deps, next) {
        await deps.deliver(ORIGIN, (delivery) => next.metrics!.consume(metricsBatch(7), delivery));
      },
    };
    world.script["out"] = world.script["out/2"] = { restored: () => {} };
    await reload(yaml({ exporters: "out, out/2" }));
    expect(consumed(world)).toEqual(["exporter:out/2"]);
    expect(world.journal.slice(-2)).toEqual(["consume exporter:out/2 7", "restored exporter:out/2"]);
    world.journal.length = 0;
    await reload(yaml({ exporters: "out, out/2", change: "other" }));
    expect(consumed(world)).toEqual(["exporter:out", "exporter:out/2"]);
  });

  it("holds back what comes meanwhile, and refuses nothing", async () => {
    const { reload, world } = await running();
    const starting = Promise.withResolvers<void>();
    world.script["change"] = { restore: () => starting.promise };
    const reloading = reload(yaml({ change: "other", exporters: "out, out/2" }));
    while (!world.journal.includes("restore change:change")) await Promise.resolve();
    const held = [send(world, metricsBatch(1)), send(world, metricsBatch(2))] as Promise<Outcome>[];
    expect(consumed(world)).toEqual([]);
    starting.resolve();
    await reloading;
    expect(await Promise.all(held)).toEqual([{ taken: true }, { taken: true }]);
    expect(world.journal.filter((entry) => entry.startsWith("consume"))).toEqual([
      "consume change:change 1",
      "consume exporter:out 1",
      "consume exporter:out/2 1",
      "consume change:change 2",
      "consume exporter:out 2",
      "consume exporter:out/2 2",
    ]);
  });

  it("waits for what is under way, which goes where it went", async () => {
    const { reload, world } = await running();
    const slow = Promise.withResolvers<void>();
    world.script["out"] = { consume: () => slow.promise };
    const outcome = send(world, metricsBatch(1));
    const reloading = reload(yaml({ exporters: "out/2" }));
    while (!world.journal.includes("start exporter:out/2")) await Promise.resolve();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(world.journal).not.toContain("stop exporter:out");
    slow.resolve();
    expect(await outcome).toEqual({ taken: true });
    await reloading;
    expect(consumed(world)).toEqual(["change:change", "exporter:out"]);
    expect(world.journal.at(-1)).toBe("stop exporter:out");
  });

  it.each(["load", "start", "restore"] as const)(
    "goes on as before when a new component fails at its %s",
    async (step) => {
      const { reload, world, agent } = await running();
      world.script["out/2"] = { [step]: () => Promise.reject(GONE) };
      await expect(reload(yaml({ exporters: "out/2, out/3" }))).rejects.toThrow("the port is taken");
      expect(send(world, metricsBatch(1))).toEqual({ taken: true });
      expect(consumed(world)).toEqual(["change:change", "exporter:out"]);
      expect(world.journal).not.toContain("stop exporter:out");
      expect(world.journal).toContain("stop exporter:out/2");
      expect([...agent.statuses.keys()]).toEqual(["exporter:out", "processor:change@metrics", "receiver:in"]);
      world.script["out/2"] = {};
      await reload(yaml({ exporters: "out/2, out/3" }));
      expect(agent.meters.total("gostcol_config_reloads", { outcome: "failed" })).toBe(1);
      expect(agent.meters.total("gostcol_config_reloads", { outcome: "applied" })).toBe(1);
    },
  );

  const holding = (text: string) => yaml({}).replace('out: { text: ""', `out: { file: "/a", text: "${text}"`);

  it("stops who holds what the new one needs first, and nobody else", async () => {
    const { reload, world } = await running(holding("one"));
    expect(await reload(holding("two"))).toMatchObject({ changed: ["exporter:out"] });
    expect(world.journal).toEqual(["stop exporter:out", "load exporter:out", "start exporter:out"]);
    expect(send(world, metricsBatch(1))).toEqual({ taken: true });
  });

  it("makes and starts again whom it had stopped, when the new one cannot start, and shows it what is stored", async () => {
    const { reload, world, agent } = await running(holding("one"));
    let starts = 0;
    world.script["out"] = { start: () => (++starts === 1 ? Promise.reject(GONE) : Promise.resolve()) };
    world.script["change"] = {
      async restore(deps, next) {
        await deps.deliver(ORIGIN, (delivery) => next.metrics!.consume(metricsBatch(7), delivery));
      },
    };
    await expect(reload(holding("two"))).rejects.toThrow("exporter out could not start: the port is taken");
    expect(world.journal).toEqual([
      "stop exporter:out",
      "load exporter:out",
      "start exporter:out",
      "stop exporter:out",
      "load exporter:out",
      "start exporter:out",
      "restore change:change",
      "consume exporter:out 7",
    ]);
    expect(send(world, metricsBatch(1))).toEqual({ taken: true });
    expect(agent.statuses.get("exporter:out")).toEqual({ state: "ok" });
    world.script["out"] = {};
    expect(await reload(holding("one"))).toMatchObject({ changed: [] });
  });

  it("ends the agent when whom it had stopped cannot be started again", async () => {
    const { reload, world, agent } = await running(holding("one"));
    world.script["out"] = { start: () => Promise.reject(GONE) };
    await expect(reload(holding("two"))).rejects.toThrow("the port is taken");
    expect((await agent.failed).message).toContain("exporter out could not start: the port is taken");
    await agent.stop();
  });

  it("gives up when what is under way does not end, and goes on", async () => {
    const { reload, world, clock } = await running();
    world.script["out"] = { consume: () => new Promise(() => {}) };
    void send(world, metricsBatch(1));
    const reloading = reload(yaml({ exporters: "out/2" }));
    const failed = expect(reloading).rejects.toThrow("finishing what is under way took longer than 3000 ms");
    for (let turn = 0; turn < 10; turn++) await clock.advanceAsync(500);
    await failed;
    world.script["out"] = {};
    expect(send(world, metricsBatch(1))).toEqual({ taken: true });
  });

  it("is given up by a stop, which stops the new components too", async () => {
    const { reload, world, agent, clock } = await running();
    world.script["out/2"] = { start: () => new Promise(() => {}) };
    const reloading = reload(yaml({ exporters: "out, out/2" }));
    const failed = expect(reloading).rejects.toThrow("the agent is being stopped");
    while (!world.journal.includes("start exporter:out/2")) await Promise.resolve();
    await agent.stop();
    await failed;
    expect(world.journal).toEqual(
      expect.arrayContaining(["stop exporter:out/2", "stop exporter:out", "stop receiver:in"]),
    );
    expect(clock.liveTimers).toBe(0);
  });

  it("that is given up by a stop lets what was held back go through whom it had stopped, who runs again", async () => {
    const { reload, world, agent } = await running(holding("one"));
    let starts = 0;
    world.script["out"] = { start: () => (++starts === 1 ? new Promise(() => {}) : Promise.resolve()) };
    const failed = expect(reload(holding("two"))).rejects.toThrow("the agent is being stopped");
    while (!world.journal.includes("start exporter:out")) await Promise.resolve();
    const held = send(world, metricsBatch(1));
    // As a receiver does that waits for the answers that it owes.
    world.script["in"] = { stop: async () => void (await held) };
    await agent.stop();
    await failed;
    expect(await held).toEqual({ taken: true });
    expect(world.journal.slice(world.journal.indexOf("start exporter:out"))).toEqual([
      "start exporter:out",
      "stop exporter:out",
      "load exporter:out",
      "start exporter:out",
      "consume change:change 1",
      "consume exporter:out 1",
      ...["stop receiver:in", "stop change:change", "stop exporter:out"],
    ]);
  });

  it("refuses what was held back where whom it had stopped cannot be started again", async () => {
    const { reload, world, agent } = await running(holding("one"));
    world.script["out"] = { start: () => Promise.reject(GONE) };
    const reloading = reload(holding("two")).catch(() => {});
    while (!world.journal.includes("stop exporter:out")) await Promise.resolve();
    const held = send(world, metricsBatch(1));
    await reloading;
    expect(await held).toMatchObject({ taken: false, refusal: { kind: "retryable", reason: "reload_failed" } });
    await agent.stop();
  });

  it("gives up on a component that does not come to an end with its start, and refuses nothing meanwhile", async () => {
    const { reload, world, clock } = await running(holding("one"));
    for (const [yaml, timeoutMs] of [
      [holding("one").replace("[out]", "[out, out/2]"), 20_000],
      [holding("two"), 10_000],
    ] as const) {
      let starts = 0;
      const hangs = { start: () => (++starts === 1 ? new Promise<void>(() => {}) : Promise.resolve()) };
      world.script["out"] = world.script["out/2"] = hangs;
      const failed = expect(reload(yaml)).rejects.toThrow(`took longer than ${timeoutMs} ms`);
      const outcomes: (Outcome | Promise<Outcome>)[] = [];
      for (let atMs = 0; atMs < timeoutMs; atMs += 1000) {
        await clock.advanceAsync(1000);
        outcomes.push(send(world, metricsBatch(1)));
      }
      await failed;
      for (const outcome of await Promise.all(outcomes)) expect(outcome).toEqual({ taken: true });
    }
    expect(world.journal.filter((entry) => entry.startsWith("BUG"))).toEqual([]);
  });

  it("waits for the one before, and the last one stays", async () => {
    const { reload, world, agent } = await running();
    const all = await Promise.all(["out/2", "out/3", "out"].map((exporters) => reload(yaml({ exporters }))));
    expect(all.map(({ added }) => added)).toEqual([["exporter:out/2"], ["exporter:out/3"], ["exporter:out"]]);
    expect([...agent.statuses.keys()]).toContain("exporter:out");
    world.journal.length = 0;
    send(world, metricsBatch(1));
    expect(consumed(world)).toEqual(["change:change", "exporter:out"]);
  });
});

describe("a reload while the store does not say whether it kept a commit", () => {
  it("is not, and can be once it has said so", async () => {
    const world = fakeWorld();
    const answers: PromiseWithResolvers<void>[] = [];
    let late = false;
    const store: StoreBackend = {
      ...memoryStore(),
      durable: true,
      commit() {
        if (!late) return;
        const answer = Promise.withResolvers<void>();
        answers.push(answer);
        return answer.promise;
      },
    };
    const scopes: StateScope<number>[] = [];
    world.script["change"] = {
      create: (deps) => void scopes.push(deps.store.scope({ encode: () => new Uint8Array(), decode: () => 0 })),
      consume: (_, { transaction }) => transaction.put(scopes[0]!, "total", 1),
    };
    const { agent, clock } = await agentRig(yaml({}), world.registry, { store });
    await agent.start(NEVER);
    const reload = async (text: string) => agent.reload(await checkedConfig(text, world.registry));
    late = true;
    const sent = send(world, metricsBatch(1));
    await clock.advanceAsync(3000);
    expect(await sent).toMatchObject({ taken: false, refusal: { reason: "store_unknown" } });
    const changed = yaml({ change: "more" });
    await expect(reload(changed)).rejects.toThrow("the store has not said yet whether it kept a commit; try again");
    expect(send(world, metricsBatch(1))).toMatchObject({ refusal: { reason: "store_late" } });
    answers[0]!.resolve();
    await clock.advanceAsync(0);
    const carried = send(world, metricsBatch(1));
    answers[1]!.resolve();
    expect(await carried).toEqual({ taken: true });
    late = false;
    expect(await reload(changed)).toMatchObject({ changed: ["processor:change@metrics"] });
    await agent.stop();
  });
});

describe("a reload of the agent's own metrics alone", () => {
  const own = (port: number, level = "normal") =>
    `${yaml({})}  telemetry: { metrics: { level: ${level}, readers: [{ pull: { exporter: { prometheus: { port: ${port} } } } }] } }\n`;

  it("moves their server, and touches no component", async () => {
    const { reload, world, agent } = await running(own(8888));
    const places = () => agent.listeners.map(({ component, port }) => `${component}:${port}`);
    expect(places()).toEqual(["agent:8888"]);
    expect(await reload(own(9999))).toMatchObject({ ownMetrics: true, changed: [], added: [] });
    expect(places()).toEqual(["agent:9999"]);
    await reload(own(9999, "none"));
    expect(places()).toEqual([]);
    await reload(own(8888));
    expect(places()).toEqual(["agent:8888"]);
    expect(world.journal).toEqual([]);
  });
});
