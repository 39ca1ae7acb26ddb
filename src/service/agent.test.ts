import { describe, expect, it, test } from "vitest";
import { agentRig } from "../../test/support/fake-agent.ts";
import { type FakeWorld, fakeWorld, metricsBatch, send } from "../../test/support/fake-components.ts";
import type { Deps } from "../component/component.ts";
import type { Outcome } from "../component/delivery.ts";
import { Refusal } from "../component/refusal.ts";
import { ListenError } from "../component/server.ts";
import { NEVER } from "../lib/abort.ts";

const PIPELINE = `
receivers: { in: }
processors: { pass:, change: }
exporters: { out:, out/2: }
service:
  pipelines:
    metrics: { receivers: [in], processors: [change, pass], exporters: [out, out/2] }
`;
/** The receiver's batch is seen as it came by everything up to the processor that changes. */
const PASS_FIRST = PIPELINE.replace("[change, pass]", "[pass, change]");

async function running(yaml = PIPELINE, script: FakeWorld["script"] = {}) {
  const world = fakeWorld();
  Object.assign(world.script, script);
  const rig = await agentRig(yaml, world.registry);
  await rig.agent.start(NEVER);
  return { ...rig, world };
}

const reasonOf = (outcome: Outcome | Promise<Outcome>) =>
  outcome instanceof Promise ? "waits" : outcome.taken ? "taken" : outcome.refusal.reason;

describe("the order of an agent's life", () => {
  it("is state, then exporters, processors and stored totals, receivers last; and the other way round", async () => {
    const world = fakeWorld();
    world.script["change"] = {
      async restore(deps, next) {
        const origin = { peer: { address: "", transport: "internal" as const }, upperBound: { items: 1, bytes: 1 } };
        await deps.deliver({ ...origin, signal: NEVER }, (delivery) =>
          next.metrics!.consume(metricsBatch(1), delivery),
        );
      },
    };
    world.script["out"] = { restored: () => {} };
    const { agent } = await agentRig(
      PIPELINE.replace("service:", "extensions: { extra: }\nservice:\n  extensions: [extra]"),
      world.registry,
    );
    expect(world.journal).toEqual([]);
    await agent.start(NEVER);
    expect(world.journal).toEqual([
      "load extension:extra",
      "start extension:extra",
      "load exporter:out",
      "load exporter:out/2",
      "load pass:pass",
      "load change:change",
      "load receiver:in",
      "start exporter:out",
      "start exporter:out/2",
      "start pass:pass",
      "start change:change",
      "restore change:change",
      "consume pass:pass 1",
      "consume exporter:out 1",
      "consume exporter:out/2 1",
      "restored exporter:out",
      "start receiver:in",
    ]);
    world.journal.length = 0;
    await agent.stop();
    expect(world.journal).toEqual([
      "stop receiver:in",
      "stop change:change",
      "stop pass:pass",
      "stop exporter:out/2",
      "stop exporter:out",
      "stop extension:extra",
    ]);
  });

  it("ends with whoever cannot start: what had started is stopped, and the error names the component", async () => {
    const world = fakeWorld();
    world.script["in"] = {
      start: () => Promise.reject(new ListenError("EADDRINUSE", "127.0.0.1:1 is in use already")),
    };
    const { agent, clock } = await agentRig(PIPELINE, world.registry);
    await expect(agent.start(NEVER)).rejects.toThrow("receiver in could not start: 127.0.0.1:1 is in use already");
    expect(world.journal.filter((entry) => entry.startsWith("stop"))).toHaveLength(5);
    expect(clock.liveTimers).toBe(0);
  });

  it("says who does not come to an end with its start", async () => {
    const world = fakeWorld();
    const slow = Promise.withResolvers<void>();
    world.script["out/2"] = { load: () => slow.promise };
    const { agent, clock, logged } = await agentRig(PIPELINE, world.registry);
    const starting = agent.start(NEVER);
    await clock.advanceAsync(25_000);
    slow.resolve();
    await starting;
    const line = { level: "warn", kind: "exporter", id: "out/2", msg: "its load is not done yet" };
    expect(logged.filter(({ level }) => level === "warn")).toMatchObject([line, line]);
    await agent.stop();
    expect(clock.liveTimers).toBe(0);
  });

  it("can be stopped while it starts: the start is given up", async () => {
    const world = fakeWorld();
    world.script["out"] = { start: () => new Promise(() => {}) };
    const { agent } = await agentRig(PIPELINE, world.registry);
    const starting = agent.start(NEVER);
    const stopping = agent.stop();
    await expect(starting).rejects.toThrow("the agent is being stopped");
    await stopping;
    expect(world.journal).not.toContain("start receiver:in");
  });

  it("can be stopped twice, and without a start", async () => {
    const { agent } = await agentRig(PIPELINE, fakeWorld().registry);
    expect(await agent.stop()).toEqual(await agent.stop());
  });

  it("does not wait beyond the deadline for a component that does not stop, and stops the others", async () => {
    const { agent, world, clock } = await running();
    world.script["change"] = { stop: () => new Promise(() => {}) };
    const stopping = agent.stop();
    await clock.advanceAsync(25_000);
    const { errors } = await stopping;
    expect(errors[0]!.message).toBe("processor change did not stop: stopping the agent took longer than 25000 ms");
    expect(world.journal).toContain("stop exporter:out");
    expect(clock.liveTimers).toBe(0);
  });

  it("lets through what a component hands on while it stops, and refuses everything afterwards", async () => {
    const { agent, world } = await running();
    const outcomes: string[] = [];
    world.script["in"] = { stop: async () => void outcomes.push(reasonOf(send(world, metricsBatch(2)))) };
    await agent.stop();
    outcomes.push(reasonOf(send(world, metricsBatch(2))));
    expect(outcomes).toEqual(["taken", "shutting_down"]);
  });
});

describe("a component's state", () => {
  it("is starting, ok, and stopped", async () => {
    const { agent } = await running();
    expect([...new Set([...agent.statuses.values()].map(({ state }) => state))]).toEqual(["ok"]);
    await agent.stop();
    expect(agent.statuses.get("processor:pass@metrics")).toEqual({ state: "stopped" });
  });

  it("is never better again after a permanent error", async () => {
    const { agent, world } = await running();
    const { report } = world.deps.get("exporter:out")!;
    report({ state: "permanent_error", message: "no such user" });
    report({ state: "ok" });
    expect(agent.statuses.get("exporter:out")).toEqual({ state: "permanent_error", message: "no such user" });
  });

  it("ends the agent when it is a fatal error", async () => {
    const { agent, world } = await running();
    world.deps.get("exporter:out")!.report({ state: "fatal_error", message: "the disk is gone" });
    expect((await agent.failed).message).toBe("exporter out: the disk is gone");
  });
});

describe("the way through a pipeline", () => {
  it("goes to all branches, and is taken by all or by none", async () => {
    const { world, agent } = await running();
    const full = new Refusal("retryable", "queue_full", "full");
    world.script["out/2"] = {
      consume: () => {
        throw full;
      },
    };
    expect(send(world, metricsBatch(3))).toEqual({ taken: false, refusal: full });
    delete world.script["out/2"];
    expect(send(world, metricsBatch(4))).toEqual({ taken: true });
    expect(agent.tally()).toEqual([
      { kind: "receiver", id: "in", incoming: 4, outgoing: 4, dropped: 0, added: 0, refused: 3 },
      { kind: "processor", id: "change", incoming: 4, outgoing: 4, dropped: 0, added: 0, refused: 0 },
      { kind: "processor", id: "pass", incoming: 4, outgoing: 4, dropped: 0, added: 0, refused: 0 },
      { kind: "exporter", id: "out/2", incoming: 4, outgoing: 4, dropped: 0, added: 0, refused: 3 },
      { kind: "exporter", id: "out", incoming: 4, outgoing: 4, dropped: 0, added: 0, refused: 0 },
    ]);
  });

  it("counts what a processor drops and what it makes", async () => {
    const { world, agent } = await running();
    world.script["change"] = { consume: () => {} };
    send(world, metricsBatch(3));
    world.script["change"] = { consume: (_, delivery, next) => next.metrics!.consume(metricsBatch(5), delivery) };
    send(world, metricsBatch(1));
    expect(agent.tally()[1]).toMatchObject({ id: "change", incoming: 4, outgoing: 5, dropped: 0, added: 1 });
  });

  it("waits where a branch waits, and nothing of it runs on once it is refused", async () => {
    const { world } = await running();
    const slow = Promise.withResolvers<void>();
    world.script["out"] = { consume: () => slow.promise };
    world.script["out/2"] = {
      consume: () => {
        throw new Refusal("permanent", "bad_data", "bad");
      },
    };
    let settled = false;
    const outcome = (send(world, metricsBatch(1)) as Promise<Outcome>).finally(() => {
      settled = true;
    });
    await Promise.resolve();
    expect(settled).toBe(false);
    slow.resolve();
    expect(reasonOf(await outcome)).toBe("bad_data");
  });

  it("asks exporters behind any processors for admission, and their refusal refuses the delivery", async () => {
    const { world } = await running();
    world.script["out/2"] = { admit: () => new Refusal("retryable", "queue_full", "full") };
    expect(reasonOf(send(world, metricsBatch(1)))).toBe("queue_full");
    expect(world.journal.filter((entry) => entry.startsWith("consume"))).toEqual([]);
  });

  it.each([
    { yaml: PIPELINE, script: "change", asked: true },
    { yaml: PIPELINE, script: "pass", asked: false },
    { yaml: PASS_FIRST, script: "pass", asked: true },
    { yaml: PASS_FIRST, script: "change", asked: true },
    { yaml: PASS_FIRST, script: "out", asked: false },
  ])("asks to examine only those who see the batch as it came: $script $asked", async ({ yaml, script, asked }) => {
    const { world } = await running(yaml);
    const doubt = new Refusal("retryable", "in_doubt", "in doubt");
    world.script[script] = { examine: () => doubt };
    expect(world.receivers.get("in")!.next.metrics!.examine!(metricsBatch(1))).toBe(asked ? doubt : undefined);
  });

  it("leads through a connector into all its pipelines, and admission reaches through it", async () => {
    const { world, agent } = await running(`
receivers: { in: }
connectors: { join: }
exporters: { out:, out/2: }
service:
  pipelines:
    metrics/1: { receivers: [in], exporters: [join] }
    metrics/2: { receivers: [join], exporters: [out] }
    metrics/3: { receivers: [join], exporters: [out/2] }
`);
    expect(reasonOf(send(world, metricsBatch(2)))).toBe("taken");
    expect(world.journal.slice(-3)).toEqual([
      "consume connector:join 2",
      "consume exporter:out 2",
      "consume exporter:out/2 2",
    ]);
    expect(agent.tally().find(({ kind }) => kind === "connector")).toMatchObject({ incoming: 2, outgoing: 2 });
    world.script["out/2"] = { admit: () => new Refusal("retryable", "queue_full", "full") };
    expect(reasonOf(send(world, metricsBatch(1)))).toBe("queue_full");
  });
});

describe("what a component is given", () => {
  it("is state under its type's present name, and with the pipeline where it stands in several", async () => {
    const codec = { encode: () => new Uint8Array(), decode: () => 0 };
    const names: string[] = [];
    const create = ({ store }: Deps) => void names.push(store.scope(codec).name, store.scope(codec, "queue").name);
    const scripts = { "old_in/edge": { create }, pass: { create }, out: { create } };
    const { world } = await running(
      `
receivers: { old_in/edge: }
processors: { pass: }
exporters: { out: }
service:
  pipelines:
    metrics: { receivers: [old_in/edge], processors: [pass], exporters: [out] }
    metrics/b: { receivers: [old_in/edge], processors: [pass], exporters: [out] }
`,
      scripts,
    );
    expect(names.toSorted()).toEqual([
      "exporter:out",
      "exporter:out#queue",
      "processor:pass@metrics",
      "processor:pass@metrics#queue",
      "processor:pass@metrics/b",
      "processor:pass@metrics/b#queue",
      "receiver:in/edge",
      "receiver:in/edge#queue",
    ]);
    const { store } = world.deps.get("exporter:out")!;
    expect(store.durable).toBe(false);
    expect(() => store.scope(codec, "late")).toThrow("after its create");
  });

  it("is what an extension provides, by its name", async () => {
    const { world } = await running(
      PIPELINE.replace("service:", "extensions: { extra: }\nservice:\n  extensions: [extra]"),
    );
    const { extension } = world.deps.get("receiver:in")!;
    expect(extension<number>("extra", { name: "answer" })).toBe(42);
    expect(() => extension("extra", { name: "question" })).toThrow("extension extra");
  });

  it("is a log that names it in every line", async () => {
    const { world, logged } = await running();
    world.deps.get("receiver:in")!.log.info("hello", { node: "edge-1" });
    expect(logged.at(-1)).toMatchObject({ kind: "receiver", id: "in", msg: "hello", node: "edge-1", level: "info" });
  });
});

describe("the agent's own metrics", () => {
  const scrape = async (network: Awaited<ReturnType<typeof running>>["network"], port = 8888) =>
    (await network.server(port).connect().send({ method: "GET", path: "/metrics" })).text;

  it("have the Collector's names, for each component and signal", async () => {
    const { world, network } = await running();
    send(world, metricsBatch(3));
    const text = await scrape(network);
    expect(text).toMatch(/^otelcol_receiver_accepted_metric_points_total\{receiver="in",.*transport="http"\} 3$/m);
    expect(text).toMatch(/^otelcol_processor_incoming_items_total\{otel_signal="metrics",processor="pass",.*\} 3$/m);
    expect(text).toMatch(/^otelcol_processor_outgoing_items_total\{otel_signal="metrics",processor="pass",.*\} 3$/m);
    expect(text).toMatch(/^otelcol_exporter_sent_metric_points_total\{exporter="out\/2",.*\} 3$/m);
    expect(text).toMatch(/^otelcol_exporter_send_failed_metric_points_total\{exporter="out",.*\} 0$/m);
    expect(text).toMatch(/^otelcol_process_cpu_seconds_total\{.*\} 1\.5$/m);
    expect(text).toMatch(/^otelcol_process_memory_rss_bytes\{.*\} 1000$/m);
    expect(text).toMatch(/^target_info\{.*service_name="gostcol",service_version="1\.2\.3"\} 1$/m);
    expect(text).toMatch(/^# TYPE gostcol_series gauge$/m);
  });

  it("have a component's own numbers with its id, as they are at each scrape", async () => {
    const { world, network } = await running();
    const { meter } = world.deps.get("receiver:in")!;
    const metric = { name: "gostcol_gost_requests", description: "Requests.", unit: "{request}" };
    const counter = meter.counter(metric, { outcome: "ok" });
    counter.value += 2;
    expect(await scrape(network)).toMatch(/^gostcol_gost_requests_total\{outcome="ok",receiver="in",.*\} 2$/m);
    meter.counter(metric, { outcome: "ok" }).value++;
    const remove = meter.gauge({ name: "gostcol_open", description: "Open.", unit: "1" }, () => [{ value: 7 }]);
    const text = await scrape(network);
    expect(text).toMatch(/^gostcol_gost_requests_total\{.*\} 3$/m);
    expect(text).toMatch(/^gostcol_open_ratio\{receiver="in",.*\} 7$/m);
    remove();
    expect(await scrape(network)).not.toMatch(/^gostcol_open_ratio\{/m);
  });

  it("are not served where the port is taken, which is a warning and not an end", async () => {
    const { registry } = fakeWorld();
    const rig = await agentRig(PIPELINE, registry);
    rig.network.failNext(new ListenError("EADDRINUSE", "127.0.0.1:8888 is in use already"));
    await rig.agent.start(NEVER);
    expect(rig.logged.at(-1)).toMatchObject({ level: "warn", msg: expect.stringContaining("is in use already") });
    expect(rig.agent.listeners).toEqual([]);
  });

  it("are closed last, so that the end can be watched", async () => {
    const { agent, world, network } = await running();
    let during = "";
    world.script["out"] = {
      async stop() {
        during = await scrape(network);
      },
    };
    await agent.stop();
    expect(during).toContain("otelcol_process_uptime");
    expect(network.servers.every(({ closed }) => closed)).toBe(true);
  });

  it("are not there at level none", async () => {
    const { network } = await running(`${PIPELINE}\n  telemetry: { metrics: { level: none } }`);
    expect(network.servers).toEqual([]);
  });
});

test("series that nobody used for an hour are forgotten", async () => {
  const { agent, clock } = await running();
  metricsBatch(3, agent.series);
  clock.advance(59 * 60_000);
  expect(agent.series.size).toBe(3);
  clock.advance(3 * 60_000);
  expect(agent.series.size).toBe(0);
});
