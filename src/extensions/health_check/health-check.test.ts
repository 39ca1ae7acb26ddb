import { describe, expect, test } from "vitest";
import { agentRig, checkedConfig } from "../../../test/support/fake-agent.ts";
import { fakeWorld } from "../../../test/support/fake-components.ts";
import type { Registry } from "../../component/registry.ts";
import type { ComponentStatus, Health } from "../../component/status.ts";
import { NEVER } from "../../lib/abort.ts";
import { healthCheckExtension } from "./index.ts";

interface Page {
  readonly status: string;
  readonly healthy: boolean;
  readonly ready: boolean;
  readonly phase: string;
  readonly uptime?: string;
  readonly upSince?: string;
  readonly problems: readonly string[];
  readonly components: Readonly<Record<string, { readonly healthy: boolean; readonly status: string }>>;
}

const configWith = (own: string) => `
receivers: { in: , in/calm: }
exporters: { out: , out/calm: }
extensions: { health_check: ${own} }
service:
  extensions: [health_check]
  pipelines:
    metrics: { receivers: [in], exporters: [out] }
    metrics/calm: { receivers: [in/calm], exporters: [out/calm] }
`;

/** An agent with this extension, whose exporter `out` is as the test says. */
async function probed(own = "{}", { start = true } = {}) {
  const world = fakeWorld();
  let health: () => Promise<Health> = async () => ({ status: "ok" });
  world.script["out"] = { health: () => health() };
  const registry: Registry = {
    ...world.registry,
    extensions: [healthCheckExtension],
  };
  const rig = await agentRig(configWith(own), registry);
  if (start) {
    await rig.agent.start(NEVER);
    await rig.clock.advanceAsync(0); // It asks for the first time by itself.
  }
  const asked = async (path = "/", method = "GET") => {
    const { answer, text } = await rig.network.server(13_133).connect().send({ method, path });
    return { code: answer.status, text, answer, page: (text.startsWith("{") ? JSON.parse(text) : {}) as Page };
  };
  return {
    ...rig,
    world,
    registry,
    asked,
    codes: async () => [(await asked()).code, (await asked("/ready")).code, (await asked("/live")).code],
    becomes(next: Health | (() => Promise<Health>)) {
      health = typeof next === "function" ? next : async () => next;
    },
    reports: (status: ComponentStatus) => world.deps.get("exporter:out")!.report(status),
  };
}

test("an agent that is well says so, in the Collector's words and with everything that it has", async () => {
  const { agent, asked, clock, codes } = await probed();
  clock.advance(61_500);
  expect(await codes()).toEqual([200, 200, 200]);
  const { page, answer } = await asked();
  expect(answer.headers).toMatchObject({ "Content-Type": "application/json", "Cache-Control": "no-store" });
  expect(page).toMatchObject({ status: "Server available", uptime: "1m1.5s", phase: "running", problems: [] });
  expect(Object.keys(page.components)).toEqual(["extensions", "pipeline:metrics", "pipeline:metrics/calm"]);
  await agent.stop();
});

describe("a component that fails", () => {
  test("is a problem at once, and makes the agent unhealthy when it does so for a minute; it stays ready and alive", async () => {
    const { agent, becomes, codes, asked, clock } = await probed();
    becomes({ status: "failed", message: "nobody is there" });
    expect(await codes()).toEqual([200, 200, 200]);
    expect((await asked()).page.problems).toEqual(["exporter:out: nobody is there"]);
    await clock.advanceAsync(59_000);
    expect(await codes()).toEqual([200, 200, 200]);
    await clock.advanceAsync(1_000);
    expect(await codes()).toEqual([503, 200, 200]);
    expect((await asked()).page).toMatchObject({ status: "Server not available", healthy: false, ready: true });
    becomes({ status: "ok" });
    expect(await codes()).toEqual([200, 200, 200]);
    await agent.stop();
  });

  test("makes its own pipeline unhealthy and no other", async () => {
    const { agent, becomes, asked, clock } = await probed();
    becomes({ status: "failed" });
    await asked();
    await clock.advanceAsync(60_000);
    const { page } = await asked();
    expect(page.components["pipeline:metrics"]).toMatchObject({ healthy: false, status: "StatusRecoverableError" });
    expect(page.components["pipeline:metrics/calm"]).toMatchObject({ healthy: true, status: "StatusOK" });
    expect((await asked("/?pipeline=metrics")).code).toBe(503);
    expect((await asked("/?pipeline=metrics/calm")).code).toBe(200);
    expect((await asked("/?pipeline=extensions")).code).toBe(200);
    expect((await asked("/?pipeline=nothing")).code).toBe(404);
    await agent.stop();
  });

  test("makes the agent not ready at once where it refuses what comes", async () => {
    const { agent, becomes, codes } = await probed();
    becomes({ status: "failed", refuses: true, message: "the queue is full" });
    expect(await codes()).toEqual([503, 503, 200]);
    await agent.stop();
  });

  test("may have reported it itself, and counts from then on however its words change", async () => {
    const { agent, reports, codes, asked, clock } = await probed();
    reports({ state: "recoverable_error", message: "the breaker is open" });
    await clock.advanceAsync(40_000);
    reports({ state: "recoverable_error", message: "the breaker is half-open" });
    await clock.advanceAsync(20_000);
    expect(await codes()).toEqual([503, 200, 200]);
    expect((await asked()).page.problems).toEqual(["exporter:out: the breaker is half-open"]);
    await agent.stop();
  });

  test("for good counts at once", async () => {
    const { agent, reports, codes } = await probed();
    reports({ state: "permanent_error", message: "no such user" });
    expect(await codes()).toEqual([503, 200, 200]);
    await agent.stop();
  });

  test("does not count where the configuration says so", async () => {
    const rules = "{ component_health: { include_recoverable_errors: false, include_permanent_errors: false } }";
    const { agent, becomes, reports, codes, clock } = await probed(rules);
    becomes({ status: "failed" });
    reports({ state: "permanent_error", message: "no such user" });
    await clock.advanceAsync(600_000);
    expect(await codes()).toEqual([200, 200, 200]);
    await agent.stop();
  });

  test("never answers the probe by not answering", async () => {
    const { agent, becomes, asked, clock } = await probed();
    becomes(() => new Promise(() => {}));
    const asking = asked();
    await clock.advanceAsync(3_000);
    expect((await asking).page.problems).toEqual(["exporter:out: to say how it is took longer than 2000 ms"]);
    await agent.stop();
  });
});

test("what is degraded is worth knowing and costs nothing", async () => {
  const { agent, becomes, codes, asked, clock } = await probed();
  becomes({ status: "degraded", message: "the queue is nearly full" });
  await clock.advanceAsync(600_000);
  expect(await codes()).toEqual([200, 200, 200]);
  expect((await asked()).page.problems).toEqual(["exporter:out: the queue is nearly full"]);
  await agent.stop();
});

test("it answers from the start of its own to its end, and is not ready while others start or stop", async () => {
  const { agent, world, codes, asked } = await probed("{}", { start: false });
  const seen: unknown[] = [];
  world.script["in"] = {
    start: async () => void seen.push(await codes(), (await asked()).page.phase),
    stop: async () => void seen.push(await codes(), (await asked()).page.phase),
  };
  await agent.start(NEVER);
  seen.push(await codes());
  await agent.stop();
  expect(seen).toEqual([[503, 503, 200], "starting", [200, 200, 200], [503, 503, 200], "stopping"]);
});

test("a reload keeps its socket, and it tells of what runs then", async () => {
  const { agent, asked, network, registry } = await probed();
  const changed = configWith("{}")
    .replace("receivers: [in]", "receivers: [in, in/calm]")
    .replace("metrics/calm", "metrics/b");
  await agent.reload(await checkedConfig(changed, registry));
  expect(Object.keys((await asked()).page.components)).toEqual([
    "extensions",
    "pipeline:metrics",
    "pipeline:metrics/b",
  ]);
  expect(network.servers.filter(({ options }) => options.port === 13_133)).toHaveLength(1);
  await agent.stop();
});

test("texts of one's own are answered in the place of the JSON", async () => {
  const { agent, asked, becomes } = await probed("{ response_body: { healthy: fine, unhealthy: '{\"up\":false}' } }");
  expect(await asked()).toMatchObject({ code: 200, text: "fine" });
  becomes({ status: "failed", refuses: true });
  const bad = await asked();
  expect([bad.code, bad.text, bad.answer.headers!["Content-Type"]]).toEqual([503, '{"up":false}', "application/json"]);
  await agent.stop();
});

test("other paths are told where health is, and other methods what to use", async () => {
  const { agent, asked } = await probed("{ path: /health }");
  expect((await asked("/health")).code).toBe(200);
  expect((await asked("/health/ready")).code).toBe(200);
  expect(await asked("/")).toMatchObject({
    code: 404,
    text: "nothing is here; health is at /health, /health/ready, /health/live\n",
  });
  expect((await asked("/health", "HEAD")).code).toBe(200);
  expect((await asked("/health", "POST")).code).toBe(405);
  await agent.stop();
});

test("an agent that takes nothing for a reason of its own is not ready, and says why", async () => {
  const short = { read: () => ({ heap: 99, heapMax: 100, all: 99, allMax: 100 }), collect: () => true };
  const world = fakeWorld();
  const registry: Registry = {
    ...world.registry,
    extensions: [healthCheckExtension],
  };
  const { agent, network } = await agentRig(configWith("{}"), registry, { memory: short });
  await agent.start(NEVER);
  const { answer, text } = await network.server(13_133).connect().send({ method: "GET", path: "/ready" });
  expect(answer.status).toBe(503);
  expect((JSON.parse(text) as Page).problems).toEqual(["nothing is taken: memory is short"]);
  await agent.stop();
});
