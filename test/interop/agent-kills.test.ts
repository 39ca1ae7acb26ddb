import { existsSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { Books, expectSettled } from "./harness/books.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { type Gostcol, startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { EVERY_REPORTING, nodeOf, tokensOf } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";
import { startTraffic } from "./harness/traffic.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const KILLS = Number(process.env["GOSTCOL_AGENT_KILLS"] ?? 100);
const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const UP_MS_MAX = 2000;
/** In one of so many lives somebody removes the store's files while it runs. */
const LIVES_PER_REMOVAL = 10;
/** After many kills in a row a gRPC observer waits long before it tries again. */
const QUIET_MS = 130 * PERIOD_MS;

test(`totals are off by 0 bytes after ${KILLS} kills of gostcol under traffic (GOSTCOL_SOAK_SEED=${SEED})`, {
  timeout: KILLS * (UP_MS_MAX + 1000) + (2 + KILLS / LIVES_PER_REMOVAL) * QUIET_MS,
}, async () => {
  const random = seededRandom(SEED);
  const storeFolder = await temporaryFolder("store");
  const gostcol = await startGostcol({ receiver: { auth: { tokens: tokensOf(EVERY_REPORTING) } }, storeFolder });
  const books = new Books();
  const origin = await startOrigin();
  const traffic = await Promise.all(
    EVERY_REPORTING.map(async (reporting, index) => {
      const node = nodeOf(reporting);
      const observer = {
        protocol: reporting.protocol,
        addr: `127.0.0.1:${gostcol.ports.receiver}`,
        token: node,
      };
      const edge = await startEdge({ node, observer, resetTraffic: reporting.mode === "delta", origin, books });
      return startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1 + index) });
    }),
  );
  const watch = watchTotals(gostcol);
  for (let kill = 0; kill < KILLS; kill++) {
    await sleep(random.integer(UP_MS_MAX)); // At times it starts then, at times it takes reports.
    if (kill % LIVES_PER_REMOVAL === 0) await removeStore(gostcol, storeFolder);
    await gostcol.end("SIGKILL");
    gostcol.launch();
  }
  for (const { stop } of traffic) await stop();
  await expectSettled(gostcol, books, QUIET_MS);
  expect(watch.falls).toEqual([]);
  expect(watch.looks).toBeGreaterThan(KILLS);
});

/** Removes its files once it is open, and waits until it is there again. */
async function removeStore(gostcol: Gostcol, folder: string): Promise<void> {
  const patience = { timeout: QUIET_MS, interval: 5 };
  await vi.waitFor(() => gostcol.scrape(), patience);
  for (const name of await readdir(folder)) await rm(join(folder, name));
  await vi.waitFor(() => expect(existsSync(join(folder, "gostcol.db"))).toBe(true), patience);
}
