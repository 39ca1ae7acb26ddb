import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { type Random, seededRandom } from "../../src/lib/random.ts";
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
/** After many kills in a row a gRPC observer waits long before it tries again. */
const QUIET_MS = 130 * PERIOD_MS;

test(`totals are off by 0 bytes after ${KILLS} kills of gostcol under traffic (GOSTCOL_SOAK_SEED=${SEED})`, {
  timeout: KILLS * (UP_MS_MAX + 1000) + 2 * QUIET_MS,
}, async () => {
  const random = seededRandom(SEED);
  const gostcol = await startGostcol({
    receiver: { auth: { tokens: tokensOf(EVERY_REPORTING) } },
    storeFolder: await temporaryFolder("store"),
  });
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
  for (let kill = 0; kill < KILLS; kill++) await killAtRandom(gostcol, random);
  for (const { stop } of traffic) await stop();
  await expectSettled(gostcol, books, QUIET_MS);
  expect(watch.falls).toEqual([]);
  expect(watch.looks).toBeGreaterThan(KILLS);
});

/** At times while it starts, at times while it takes reports; then the next one starts. */
async function killAtRandom(gostcol: Gostcol, random: Random): Promise<void> {
  await sleep(random.integer(UP_MS_MAX));
  await gostcol.end("SIGKILL");
  gostcol.launch();
}
