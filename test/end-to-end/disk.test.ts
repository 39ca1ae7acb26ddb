import { rmSync, writeFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { freezableDisk, smallDisk } from "../interop/harness/disks.ts";
import { type Gostcol, getText, startGostcol } from "../interop/harness/gostcol.ts";
import { parseMetricsText, select } from "../interop/harness/metrics-text.ts";

// The whole process on a disk that is full, or hangs. Where this user may not mount a disk of its own these are left out.

const MIB = 1024 * 1024;
const SERVICE = `${hostname()} web`;
/** The agent gives a commit up after 3 s. */
const COMMIT_BOUND_MS = 3000;

test("on a full disk everything is refused and said once, and goes on by itself when there is room", async ({
  skip,
}) => {
  const disk = await smallDisk(4 * MIB);
  if (disk === undefined) return skip();
  const agent = await startGostcol({ storeFolder: disk });
  let bytes = 0;
  const report = async () => {
    const status = await send(agent, 1 + bytes);
    if (status === 200) bytes += 1 + bytes;
    return status;
  };
  expect(await report()).toBe(200);
  const ballast = join(disk, "ballast");
  const { bavail, bsize } = await statfs(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  // A page of the log may have been there already.
  const statuses: number[] = [];
  while (statuses.filter((status) => status === 503).length < 5) statuses.push(await report());
  expect(statuses.slice(-5)).toEqual([503, 503, 503, 503, 503]);
  await untilHealth(agent, "failed");
  expect(agent.process.stderr().match(/the store cannot keep anything: the disk is full/g)).toHaveLength(1);
  rmSync(ballast);
  expect(await report()).toBe(200);
  await untilHealth(agent, "ok");
  expect(agent.process.stderr()).toContain("the store keeps commits again");
  expect((await agent.accounts())[SERVICE]).toMatchObject({ input: bytes });
  await agent.end("SIGKILL");
  await agent.start();
  expect((await agent.accounts())[SERVICE]).toMatchObject({ input: bytes });
});

test("a disk that hangs holds nobody up: answers are refusals within a bound, then at once, and nothing is lost", async ({
  skip,
}) => {
  const disk = await freezableDisk();
  if (disk === undefined) return skip();
  const agent = await startGostcol({ storeFolder: disk.folder });
  expect(await send(agent, 1)).toBe(200);
  disk.freeze();
  const first = await timed(() => send(agent, 10));
  expect(first.result).toBe(503);
  expect(first.ms).toBeLessThan(COMMIT_BOUND_MS + 1500);
  for (let again = 0; again < 5; again++) {
    const { result, ms } = await timed(() => send(agent, 10));
    expect(result).toBe(503);
    expect(ms).toBeLessThan(COMMIT_BOUND_MS); // Nobody waits for the bound again.
  }
  expect((await agent.accounts())[SERVICE]).toMatchObject({ input: 1 }); // Nothing is shown that is not on disk.
  await untilHealth(agent, "degraded");
  disk.thaw();
  while ((await send(agent, 10)) !== 200) await sleep(50);
  expect(await send(agent, 100)).toBe(200);
  expect((await agent.accounts())[SERVICE]).toMatchObject({ input: 111 });
  await agent.end("SIGKILL");
  await agent.start();
  expect((await agent.accounts())[SERVICE]).toMatchObject({ input: 111 });
});

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly ms: number }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

/** A report of so many bytes, as GOST sends it: the same one again is a repeat. */
async function send({ ports }: Gostcol, inputBytes: number): Promise<number> {
  const stats = { totalConns: 1, currentConns: 1, inputBytes, outputBytes: 0, totalErrs: 0 };
  const body = JSON.stringify({ events: [{ kind: "service", service: "web", type: "stats", stats }] });
  const url = `http://127.0.0.1:${ports.receiver}/observer?temporality=delta`;
  const answer = await fetch(url, { method: "POST", body });
  await answer.arrayBuffer();
  return answer.status;
}

/** Waits until the agent says this of its store. */
async function untilHealth({ ports }: Gostcol, health: string): Promise<void> {
  const isSaid = async () => {
    const samples = parseMetricsText(await getText(`http://127.0.0.1:${ports.own}/metrics`));
    return select(samples, "gostcol_component_health", { extension: "file_storage", health })[0]?.value === 1;
  };
  while (!(await isSaid())) await sleep(100);
}
