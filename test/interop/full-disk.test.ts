import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { openStore } from "../support/store-rig.ts";
import { expectBalanced, expectSettled } from "./harness/books.ts";
import { type Edge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { type Gostcol, getText } from "./harness/gostcol.ts";
import { parseMetricsText, select } from "./harness/metrics-text.ts";
import { EVERY_REPORTING, startScenario } from "./harness/scenario.ts";
import { mountSmallDisk } from "./harness/small-disk.ts";
import { startTraffic } from "./harness/traffic.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const DISK_BYTES = 4 * 2 ** 20;
const QUIET_MS = 40 * PERIOD_MS;

test.for(EVERY_REPORTING)(
  "a disk that is full refuses reports, and loses none of them: $protocol, $mode",
  async (reporting, { skip }) => {
    const disk = await mountSmallDisk(DISK_BYTES);
    if (disk === undefined) {
      skip("this machine lets us mount no disk");
      return;
    }
    const scenario = await startScenario({ ...reporting, storeFolder: disk.folder });
    const { gostcol, edge, books } = scenario;
    const watch = watchTotals(gostcol);
    for (const killed of [false, true]) {
      await underTraffic(edge, 2 * PERIOD_MS);
      await expectBalanced(gostcol, books);
      const failedBefore = await failedCommits(gostcol);
      for (let period = 0; period < 4; period++) {
        await disk.fill(); // Again: the log may have given some room back.
        await underTraffic(edge, PERIOD_MS);
      }
      expect(await failedCommits(gostcol)).toBeGreaterThan(failedBefore);
      if (killed) await gostcol.end("SIGKILL");
      await disk.free();
      if (killed) await gostcol.start();
      await expectSettled(gostcol, books, QUIET_MS);
    }
    expect(watch.falls).toEqual([]);
  },
);

test("a disk that is smaller than the log may grow is never full of it", async ({ skip }) => {
  const disk = await mountSmallDisk(2 * DISK_BYTES);
  if (disk === undefined) {
    skip("this machine lets us mount no disk");
    return;
  }
  const store = await openStore(disk.folder);
  for (let written = 0; written < 10 * DISK_BYTES; written += 4096) {
    await store.put({ [`client ${written % 2 ** 18}`]: randomBytes(2048).toString("hex") });
  }
  expect(store.told.filter((told) => told.startsWith("not kept"))).toEqual([]);
  await store.close();
});

async function failedCommits({ ports }: Gostcol): Promise<number> {
  const samples = parseMetricsText(await getText(`http://127.0.0.1:${ports.own}/metrics`));
  const failed = select(samples, "gostcol_store_commits_total", { outcome: "failed" });
  return failed.reduce((sum, { value }) => sum + value, 0);
}

async function underTraffic(edge: Edge, lastsMs: number): Promise<void> {
  const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(lastsMs) });
  await sleep(lastsMs);
  await traffic.stop();
}
