import { expect, test } from "vitest";
import { agentRig, checkedConfig } from "../../test/support/fake-agent.ts";
import { ListenError } from "../component/server.ts";
import type { StoreBackend } from "../component/store.ts";
import { memoryStore } from "../kit/memory-store.ts";
import { NEVER } from "../lib/abort.ts";
import { registry } from "../registry.ts";

// Totals that go on under another name, in whole agents over one store: after a restart, and after a reload.

/** Pipelines by name, each with the id of the processor that makes its totals. */
type Pipelines = Readonly<Record<string, string>>;

function yaml(pipelines: Pipelines, receiver = ""): string {
  const ids = [...new Set(Object.values(pipelines))];
  const names = Object.keys(pipelines);
  return `
receivers: { gost: { endpoint: "127.0.0.1:1000"${receiver} } }
processors: { ${ids.map((id) => `${id}: `).join(", ")} }
exporters: { ${names.map((name, index) => `prometheus/${name}: { endpoint: "127.0.0.1:${2000 + index}" }`).join(", ")} }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
${names.map((name) => `    metrics/${name}: { receivers: [gost], processors: [${pipelines[name]}], exporters: [prometheus/${name}] }`).join("\n")}
`;
}

async function started(pipelines: Pipelines, store: StoreBackend) {
  const { agent, network, logged, clock } = await agentRig(yaml(pipelines), registry, { store });
  await agent.start(NEVER);
  return {
    stop: () => agent.stop(),
    reload: async (to: Pipelines, receiver?: string) => agent.reload(await checkedConfig(yaml(to, receiver), registry)),
    network,
    said: () => logged.filter(({ part }) => part === "state").map(({ msg }) => String(msg)),
    async report(bytes: number): Promise<void> {
      clock.advance(1); // No two lives of a total begin in one millisecond.
      const stats = { totalConns: 1, currentConns: 0, inputBytes: bytes, outputBytes: 0, totalErrs: 0 };
      const body = JSON.stringify({
        events: [{ kind: "handler", service: "web", client: "alice", type: "stats", stats }],
      });
      const reply = await network.server(1000).connect().send({ path: "/observer/edge-1?temporality=delta", body });
      expect(reply.answer.status).toBe(200);
      reply.receipt.settle("read");
    },
    /** What the exporter of the n-th pipeline shows of alice. */
    async shown(index = 0): Promise<number | undefined> {
      const reply = await network
        .server(2000 + index)
        .connect()
        .send({ path: "/metrics", method: "GET" });
      const line = /^gost_client_io_bytes_total\{.*"receive".*\} (\d+)$/m.exec(reply.text);
      return line === null ? undefined : Number(line[1]);
    },
  };
}

const SUM = "delta_to_cumulative";

test.each([
  { what: "a processor that is renamed", from: { a: SUM }, to: { a: `${SUM}/eu` } },
  { what: "a pipeline that is renamed", from: { a: SUM, b: SUM }, to: { c: SUM, b: SUM } },
  { what: "a processor that enters a second pipeline", from: { a: SUM }, to: { a: SUM, b: SUM } },
  { what: "a processor that leaves a second pipeline", from: { a: SUM, b: SUM }, to: { a: SUM } },
])("$what goes on with its totals, after a restart and after a reload", async ({ from, to }) => {
  const store = memoryStore();
  const first = await started(from, store);
  await first.report(100);
  await first.stop();
  const second = await started(to, store);
  expect(await second.shown()).toBe(100);
  await second.report(11);
  expect(await second.shown()).toBe(111);
  await second.stop();

  const reloaded = await started(from, memoryStore());
  await reloaded.report(100);
  await reloaded.reload(to);
  expect(await reloaded.shown()).toBe(100);
  await reloaded.report(11);
  expect(await reloaded.shown()).toBe(111);
  expect(reloaded.said().some((line) => line.includes("goes on with the state of"))).toBe(true);
  await reloaded.stop();
});

test("the other pipeline that a processor enters begins anew", async () => {
  const agent = await started({ a: SUM }, memoryStore());
  await agent.report(100);
  await agent.reload({ b: SUM, a: SUM });
  await agent.report(11);
  expect([await agent.shown(0), await agent.shown(1)]).toEqual([11, 111]);
});

test("what is not clear is not guessed, and said with the command that decides it", async () => {
  const agent = await started({ a: `${SUM}/a`, b: `${SUM}/b` }, memoryStore());
  await agent.report(100);
  await agent.reload({ a: `${SUM}/c`, b: `${SUM}/d` });
  await agent.report(11);
  expect(await agent.shown()).toBe(11);
  expect(agent.said().at(-1)).toContain(
    `stop gostcol and run: gostcol storage move --replace processor:${SUM}/a processor:${SUM}/c`,
  );
});

test("a reload that fails gives back what it took, and totals go on under the old name", async () => {
  const store = memoryStore();
  const agent = await started({ a: SUM }, store);
  await agent.report(100);
  agent.network.failNext(new ListenError("EADDRINUSE", "in use")); // By the receiver, which starts last.
  await expect(agent.reload({ a: `${SUM}/eu` }, ", temporality: delta")).rejects.toThrow(
    "receiver gost could not start",
  );
  await agent.report(11);
  expect(await agent.shown()).toBe(111);
  await agent.stop();
  const again = await started({ a: SUM }, store);
  expect(await again.shown()).toBe(111);
  expect(again.said()).toEqual([]);
});

test("a restart does not start over when a name comes back", async () => {
  const store = memoryStore();
  for (const [index, name] of [SUM, `${SUM}/eu`, SUM, `${SUM}/eu`].entries()) {
    const agent = await started({ a: name }, store);
    await agent.report(10);
    expect(await agent.shown()).toBe(10 * (index + 1));
    await agent.stop();
  }
});
