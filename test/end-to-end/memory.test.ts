import { expect, test } from "vitest";
import { getText, startGostcol } from "../interop/harness/gostcol.ts";
import { parseMetricsText, select } from "../interop/harness/metrics-text.ts";

const HEAP_MIB = 100;
const CLIENTS = 500;

test("with more clients than memory has room for it refuses, and lives: what it took is shown, and status events are taken", async () => {
  const agent = await startGostcol({
    receiver: { temporality: "delta" },
    within: (command) => ({ ...command, environment: { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` } }),
  });
  const report = (node: number, events: readonly object[]) => post(agent.ports.receiver, `edge-${node}`, events);
  const statuses: number[] = [];
  for (let node = 0; node < 60; node++) statuses.push(await report(node, clientsOf(node, CLIENTS)));
  const taken = statuses.filter((status) => status === 200).length;
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  // It would have died at about 15 of these.
  expect(taken).toBeGreaterThan(3);
  // One report that is as large as all of memory is refused as well, however often it is sent.
  const huge = clientsOf(99, 100_000);
  for (let turn = 0; turn < 3; turn++) expect(await report(99, huge)).toBe(503);
  const status = { state: "failed", msg: "no more files" };
  expect(await report(0, [{ kind: "service", service: "web", type: "status", status }])).toBe(200);

  const own = parseMetricsText(await getText(`http://127.0.0.1:${agent.ports.own}/metrics`));
  const rejected = select(own, "gostcol_receiver_gost_rejected_total");
  const reasons = rejected.map(({ labels }) => labels["reason"]);
  expect(["out_of_memory", "overloaded"]).toEqual(expect.arrayContaining(reasons));
  expect(rejected.reduce((sum, { value }) => sum + value, 0)).toBe(statuses.length - taken + 3);
  const shown = select(await agent.scrape(), "gost_client_io_bytes_total", { network_io_direction: "receive" });
  expect(shown.map(({ value }) => value)).toEqual(Array(taken * CLIENTS).fill(1000));
});

function clientsOf(node: number, count: number): readonly object[] {
  const stats = { totalConns: 1, currentConns: 1, inputBytes: 1000, outputBytes: 5, totalErrs: 0 };
  return Array.from({ length: count }, (_, index) => ({
    kind: "handler",
    service: "web",
    client: `client-${node}-${index}`,
    type: "stats",
    stats,
  }));
}

async function post(port: number, node: string, events: readonly object[]): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/observer/${node}`, {
    method: "POST",
    body: JSON.stringify({ events }),
  });
  await answer.arrayBuffer();
  return answer.status;
}
