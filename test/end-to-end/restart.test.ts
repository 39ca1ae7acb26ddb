import { mkdir, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { type Gostcol, type GostcolPorts, gostcolCommand, startGostcol } from "../interop/harness/gostcol.ts";
import { runToEnd } from "../interop/harness/process.ts";
import { temporaryFolder } from "../interop/harness/temporary-folder.ts";

// The whole process with its store: what is there after it ended, however it ended.

const SERVICE = `${hostname()} web`;

test.each(["SIGKILL", "SIGTERM"] as const)(
  "after %s totals go on where they were, idle clients' too",
  async (signal) => {
    const storeFolder = await temporaryFolder("store");
    const first = await startGostcol({ storeFolder });
    await report(first.ports, "web", "delta", [2, 0, 100, 200]);
    await report(first.ports, "idle", "cumulative", [5, 1, 1000, 2000]);
    await first.process.end(signal);

    const second = await startGostcol({ storeFolder, ports: first.ports });
    const before = await second.accounts();
    expect(before).toEqual({ [SERVICE]: account(2, 0, 100, 200), [`${hostname()} idle`]: account(5, 1, 1000, 2000) });
    await report(first.ports, "web", "delta", [1, 1, 11, 22]);
    await report(first.ports, "idle", "cumulative", [6, 2, 1500, 2500]);
    const after = await second.accounts();
    expect(after).toEqual({ [SERVICE]: account(3, 1, 111, 222), [`${hostname()} idle`]: account(6, 2, 1500, 2500) });
  },
);

test("a report that was kept before a kill is not counted again when it is repeated after it", async () => {
  const storeFolder = await temporaryFolder("store");
  const first = await startGostcol({ storeFolder });
  await report(first.ports, "web", "delta", [1, 0, 100, 200]);
  await first.process.end("SIGKILL");
  const second = await startGostcol({ storeFolder, ports: first.ports });
  await report(first.ports, "web", "delta", [1, 0, 100, 200]);
  expect((await second.accounts())[SERVICE]).toMatchObject({ input: 100, output: 200 });
  await report(first.ports, "web", "delta", [1, 0, 100, 201]);
  expect((await second.accounts())[SERVICE]).toMatchObject({ input: 200, output: 401 });
});

test("killed at any moment, it has counted each report once that its sender saw answered in the end", async () => {
  const random = seededRandom(11);
  const storeFolder = await temporaryFolder("store");
  let agent = await startGostcol({ storeFolder });
  const { ports } = agent;
  let moved = 0;
  let sending = true;
  const sender = (async () => {
    for (let bytes = 1; sending; bytes++) {
      while ((await trySending(ports, "web", "delta", [1, 0, bytes, 0])) !== 200) await sleep(5);
      moved += bytes;
    }
  })();
  for (let kill = 1; kill <= 5; kill++) {
    await sleep(random.integer(150));
    await agent.process.end("SIGKILL");
    agent = await startGostcol({ storeFolder, ports });
  }
  // A slow machine's lives were over before much was sent.
  await expect.poll(() => moved, { timeout: 30_000 }).toBeGreaterThan(100);
  sending = false;
  await sender;
  expect((await agent.accounts())[SERVICE]).toMatchObject({ input: moved });
});

test("whose store is removed under traffic, again and again, it has lost nothing when it is killed", async () => {
  const storeFolder = await temporaryFolder("store");
  const first = await startGostcol({ storeFolder });
  let moved = 0;
  for (let count = 1; count <= 60; count++) {
    if (count % 20 === 10) {
      await rm(storeFolder, { recursive: true });
      expect([count, await trySending(first.ports, "web", "delta", [count, 0, count, 0])]).toEqual([count, 503]);
      await mkdir(storeFolder);
    } else if (count % 20 === 0) {
      for (const name of await readdir(storeFolder)) await rm(join(storeFolder, name));
    }
    await report(first.ports, "web", "delta", [count, 0, count, 0]);
    moved += count;
  }
  await first.process.end("SIGKILL");
  const second = await startGostcol({ storeFolder, ports: first.ports });
  expect(await second.accounts()).toEqual({ [SERVICE]: account(60, 0, moved, 0) });
});

test("a second agent does not start in the folder of the first, and says so", async () => {
  const folder = await temporaryFolder("store");
  const first = await startGostcol({ storeFolder: folder });
  const settings = [
    "receivers.gost.endpoint=127.0.0.1:0",
    "exporters.prometheus.endpoint=127.0.0.1:0",
    `extensions.file_storage.directory=${folder}`,
    "extensions.file_storage.timeout=10ms",
    "service.telemetry.metrics.level=none",
  ];
  const args = settings.flatMap((setting) => ["--set", setting]);
  const second = await runToEnd(gostcolCommand(["run", ...args], await temporaryFolder("second")));
  expect(second.code).toBe(1);
  expect(second.stderr).toContain(`the folder ${folder} is in use by another gostcol`);
  await report(first.ports, "web", "delta", [1, 0, 1, 1]);
  expect(await readdir(folder)).toEqual(expect.arrayContaining(["gostcol.db", "gostcol.lock"]));
});

type Numbers = readonly [connections: number, active: number, input: number, output: number];

const account = (connections: number, active: number, input: number, output: number): Account => ({
  connections,
  active,
  input,
  output,
  errors: 0,
});
type Account = Awaited<ReturnType<Gostcol["accounts"]>>[string];

async function report(ports: GostcolPorts, service: string, mode: string, numbers: Numbers): Promise<void> {
  expect(await trySending(ports, service, mode, numbers)).toBe(200);
}

/** One report of one service, as GOST sends it; 0 where no answer came. */
async function trySending(ports: GostcolPorts, service: string, mode: string, numbers: Numbers): Promise<number> {
  const [totalConns, currentConns, inputBytes, outputBytes] = numbers;
  const stats = { totalConns, currentConns, inputBytes, outputBytes, totalErrs: 0 };
  const body = JSON.stringify({ events: [{ kind: "service", service, type: "stats", stats }] });
  try {
    const url = `http://127.0.0.1:${ports.receiver}/observer?temporality=${mode}`;
    const answer = await fetch(url, { method: "POST", body });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return 0;
  }
}
