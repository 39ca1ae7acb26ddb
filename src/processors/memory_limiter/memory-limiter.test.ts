import { expect, test } from "vitest";
import { agentRig, checkedConfig } from "../../../test/support/fake-agent.ts";
import { fakeWorld } from "../../../test/support/fake-components.ts";
import type { Outcome } from "../../component/delivery.ts";
import type { Registry } from "../../component/registry.ts";
import { loadConfig } from "../../config/load-config.ts";
import { NEVER } from "../../lib/abort.ts";
import { registry as ownComponents } from "../../registry.ts";
import { memoryLimiterProcessor } from "./index.ts";

const MIB = 1024 ** 2;

const configWith = (own: string) => `
receivers: { in: }
processors: { memory_limiter: ${own} }
exporters: { out: }
service:
  pipelines:
    metrics: { receivers: [in], processors: [memory_limiter], exporters: [out] }
`;

/** An agent with this processor in a machine of 4000 MiB, of which a heap may have 1000. */
async function limited(own: string) {
  const used = { heap: 100, buffers: 0, garbage: 0, collections: 0 };
  const memory = {
    read: () => {
      const heap = (used.heap + used.garbage) * MIB;
      return { heap, heapMax: 1000 * MIB, all: heap + used.buffers * MIB, allMax: 4000 * MIB };
    },
    collect() {
      used.garbage = 0;
      used.collections++;
      return true;
    },
  };
  const world = fakeWorld();
  const registry: Registry = { ...world.registry, processors: [...world.registry.processors, memoryLimiterProcessor] };
  const rig = await agentRig(configWith(own), registry, { memory });
  await rig.agent.start(NEVER);
  await rig.clock.advanceAsync(0); // It is asked how it is for the first time.
  const { deps, next } = world.receivers.get("in")!;
  const deliver = async ({ irreplaceable = false, bytes = 1000 } = {}): Promise<Outcome> => {
    rig.clock.advance(1000);
    const peer = { address: "127.0.0.1:1", transport: "http" } as const;
    const origin = { peer, upperBound: { items: 1, bytes }, signal: NEVER, irreplaceable };
    return deps.deliver(origin, (delivery) => next.metrics!.consume({ rows: [], points: [] }, delivery));
  };
  const takes = async (options?: Parameters<typeof deliver>[0]) => (await deliver(options)).taken;
  return { ...rig, registry, world, used, deliver, takes, crowded: deps.crowded };
}

test("beyond the soft limit everything is refused for now, and before anything has run", async () => {
  const { agent, used, deliver, takes, world } = await limited("{ limit_mib: 400, spike_limit_mib: 100 }");
  expect(await takes()).toBe(true);
  used.buffers = 250;
  const before = world.journal.length;
  expect(await deliver()).toMatchObject({ taken: false, refusal: { kind: "retryable", reason: "out_of_memory" } });
  expect(world.journal.length).toBe(before);
  const refused = "gostcol_processor_memory_limiter_refused_requests";
  expect(agent.meters.total(refused, { processor: "memory_limiter" })).toBe(1);
  used.buffers = 0;
  expect(await takes()).toBe(true);
  await agent.stop();
});

test("what cannot be sent again is let in up to the limit", async () => {
  const { agent, used, takes } = await limited("{ limit_mib: 400, spike_limit_mib: 100 }");
  used.heap = 350;
  expect([await takes(), await takes({ irreplaceable: true })]).toEqual([false, true]);
  used.heap = 410;
  expect(await takes({ irreplaceable: true })).toBe(false);
  await agent.stop();
});

test("a spike limit that is not given is a fifth of the limit; percentages are of the heap and of the machine", async () => {
  const mib = await limited("{ limit_mib: 500 }");
  mib.used.heap = 399;
  expect(await mib.takes()).toBe(true);
  mib.used.heap = 402;
  expect(await mib.takes()).toBe(false);
  const heap = await limited("{ limit_percentage: 50 }");
  heap.used.heap = 399;
  expect(await heap.takes()).toBe(true);
  heap.used.heap = 402;
  expect(await heap.takes()).toBe(false);
  const machine = await limited("{ limit_percentage: 50, spike_limit_percentage: 25 }");
  machine.used.buffers = 850;
  expect(await machine.takes()).toBe(true);
  machine.used.buffers = 950;
  expect(await machine.takes()).toBe(false);
  await Promise.all([mib, heap, machine].map(({ agent }) => agent.stop()));
});

test("a large request is refused before it is read", async () => {
  const { agent, clock, used, crowded } = await limited("{ limit_mib: 400 }");
  expect(crowded(1000)).toBeUndefined();
  expect(crowded(100 * MIB)?.reason).toBe("out_of_memory");
  used.heap = 390;
  clock.advance(1000);
  expect(crowded(1000)?.reason).toBe("out_of_memory");
  await agent.stop();
});

test("garbage is collected once in ten seconds, however many have a limit", async () => {
  const { agent, used, takes } = await limited("{ limit_mib: 400 }");
  used.garbage = 900;
  expect(await takes()).toBe(true);
  expect(used.collections).toBe(1);
  used.heap = 950;
  for (let second = 0; second < 9; second++) expect(await takes()).toBe(false);
  expect(used.collections).toBe(1);
  await takes();
  expect(used.collections).toBe(2);
  await agent.stop();
});

test("its pipelines are not ready while it refuses, and a reload takes its numbers with it", async () => {
  const { agent, used, clock, registry } = await limited("{ limit_mib: 400 }");
  const short = () => agent.meters.total("gostcol_memory_short", { processor: "memory_limiter" });
  used.heap = 500;
  clock.advance(1000);
  const { components } = await agent.health();
  expect(components.find(({ kind }) => kind === "processor")?.health).toMatchObject({
    status: "failed",
    refuses: true,
  });
  expect(short()).toBe(1);
  await agent.reload(await checkedConfig(configWith("{ limit_mib: 800 }"), registry));
  expect(short()).toBe(0);
  await agent.stop();
});

async function problemsOf(processors: string, order: string) {
  const text = `
receivers: { gost: }
processors: { memory_limiter: ${processors}, dedupe: , delta_to_cumulative: }
exporters: { nop: }
service: { pipelines: { metrics: { receivers: [gost], processors: [${order}], exporters: [nop] } } }
`;
  const readFile = () => Promise.reject(new Error("none"));
  const options = { registry: ownComponents, environment: {}, configs: [{ name: "test", text }], sets: [], readFile };
  const { problems } = await loadConfig(options, NEVER);
  return problems.map(({ code, message }) => [code, message]);
}

test.each([
  ["{}", "missing_option", "there is no limit"],
  ["{ check_interval: 0s, limit_mib: 100 }", "out_of_range", "out of range"],
  ["{ limit_mib: 100, spike_limit_mib: 100 }", "out_of_range", "not smaller than limit_mib"],
  ["{ limit_percentage: 10, spike_limit_percentage: 20 }", "out_of_range", "not smaller than limit_percentage"],
  ["{ limit_mib: 100, max_gc_interval: 1s }", "no_effect", "max_gc_interval has no effect in gostcol"],
])("a configuration of %s is told: %s", async (own, code, message) => {
  expect(await problemsOf(own, "memory_limiter, dedupe, delta_to_cumulative")).toEqual([
    [code, expect.stringContaining(message)],
  ]);
});

test("where it does not come first there is a warning", async () => {
  expect(await problemsOf("{ limit_mib: 100 }", "memory_limiter, dedupe, delta_to_cumulative")).toEqual([]);
  expect(await problemsOf("{ limit_mib: 100 }", "dedupe, memory_limiter, delta_to_cumulative")).toEqual([
    ["processor_order", expect.stringContaining("memory_limiter comes after dedupe")],
  ]);
});
