import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { type Gostcol, getText, gostcolCommand, startGostcol } from "../interop/harness/gostcol.ts";
import { parseMetricsText, select } from "../interop/harness/metrics-text.ts";
import { runToEnd } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// The whole process with streams that rest after a second: who comes back goes on, whenever the process was killed.

test("clients that come and go across kills keep their totals, at rest or not, and gostcol totals knows them all", async () => {
  const random = seededRandom(7);
  const storeFolder = await temporaryFolder("store");
  const agent = await startGostcol({ storeFolder, processors: { delta_to_cumulative: { archive_after: "1s" } } });
  const moved = new Map<string, number>();
  let bytes = 0;
  for (let round = 0; round < 4; round++) {
    for (let report = 0; report < 20; report++) {
      const client = `service-${random.integer(6)}`;
      bytes++; // Each report is another one.
      while ((await send(agent, client, bytes)) !== 200) await sleep(20);
      moved.set(client, (moved.get(client) ?? 0) + bytes);
      await sleep(random.integer(50));
    }
    await sleep(random.integer(2500)); // Some are being moved to the archive at this moment.
    await agent.end("SIGKILL");
    await agent.start();
  }
  await untilArchived(agent, moved.size);
  await agent.end("SIGTERM");
  await agent.start(); // Until then those are shown that were at the last start.
  expect(await agent.accounts()).toEqual({});
  expect(await storedTotals(storeFolder)).toEqual(Object.fromEntries(moved));
  for (const client of moved.keys()) {
    expect(await send(agent, client, ++bytes)).toBe(200);
    const account = (await agent.accounts())[`${hostname()} ${client}`];
    expect(account).toMatchObject({ input: moved.get(client)! + bytes });
  }
});

/** The bytes received by each service, as `gostcol totals` reads them beside the agent. */
async function storedTotals(storeFolder: string): Promise<Record<string, number>> {
  const args = ["totals", "--folder", storeFolder, "--format", "json"];
  const { stdout, stderr } = await runToEnd(gostcolCommand(args, await temporaryFolder("totals")));
  expect(stderr).toBe("");
  const totals = JSON.parse(stdout) as { service: string; direction?: string; total: number }[];
  const received = totals.filter(({ direction }) => direction === "receive");
  return Object.fromEntries(received.map(({ service, total }) => [service, total]));
}

async function untilArchived({ ports }: Gostcol, count: number): Promise<void> {
  const isSaid = async () => {
    const samples = parseMetricsText(await getText(`http://127.0.0.1:${ports.own}/metrics`));
    return select(samples, "gostcol_delta_to_cumulative_archived_streams")[0]?.value === count;
  };
  while (!(await isSaid())) await sleep(100);
}

/** A report as GOST sends it. */
async function send({ ports }: Gostcol, service: string, inputBytes: number): Promise<number> {
  const stats = { totalConns: 1, currentConns: 0, inputBytes, outputBytes: 0, totalErrs: 0 };
  const body = JSON.stringify({ events: [{ kind: "service", service, type: "stats", stats }] });
  const url = `http://127.0.0.1:${ports.receiver}/observer?temporality=delta`;
  const answer = await fetch(url, { method: "POST", body });
  await answer.arrayBuffer();
  return answer.status;
}
