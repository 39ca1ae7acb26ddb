import { setTimeout as sleep } from "node:timers/promises";
import { test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { Books, expectBalanced, expectSettled } from "./harness/books.ts";
import { type Edge, startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { startGostcol } from "./harness/gostcol.ts";
import { startNamespace } from "./harness/namespace.ts";
import { startOrigin } from "./harness/origin.ts";
import { EVERY_REPORTING, nodeOf, startScenario, tokensOf } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";
import { startTraffic } from "./harness/traffic.ts";

// A peer that vanishes without a packet: its connections stay open, and prove nothing.

const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const TIMEOUT_MS = 2 * PERIOD_MS;
/** TCP waits twice as long each time before it tries again, and gRPC as long again before it connects. */
const QUIET_MS = 60 * PERIOD_MS;

test.each(EVERY_REPORTING)(
  `a network that falls silent and comes back loses nothing: $protocol, $mode (GOSTCOL_SOAK_SEED=${SEED})`,
  { timeout: 30_000 + 2 * QUIET_MS },
  async (reporting) => {
    const { gostcol, edge, relay, books } = await startScenario({ ...reporting, stored: true, timeoutMs: TIMEOUT_MS });
    for (let silence = 0; silence < 3; silence++) {
      await underTraffic(edge, 2 * PERIOD_MS);
      relay.fallSilent();
      await underTraffic(edge, 4 * PERIOD_MS);
      relay.mend();
    }
    await expectSettled(gostcol, books, QUIET_MS);
  },
);

test.for(EVERY_REPORTING)(
  `packets that are lost on a real network lose nothing: $protocol, $mode (GOSTCOL_SOAK_SEED=${SEED})`,
  { timeout: 60_000 + 2 * QUIET_MS },
  async (reporting, { skip }) => {
    const namespace = await startNamespace();
    if (namespace === undefined) {
      skip("this machine lets us have no network namespace");
      return;
    }
    const node = nodeOf(reporting);
    const { host, within } = namespace;
    const gostcol = await startGostcol({
      host,
      within,
      receiver: { auth: { tokens: tokensOf([reporting]) } },
      storeFolder: await temporaryFolder("store"),
    });
    const books = new Books();
    const edge = await startEdge({
      node,
      observer: {
        protocol: reporting.protocol,
        addr: `${host}:${gostcol.ports.receiver}`,
        token: node,
        timeoutMs: TIMEOUT_MS,
      },
      resetTraffic: reporting.mode === "delta",
      origin: await startOrigin(),
      books,
    });
    const random = seededRandom(SEED);
    const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1) });
    // Short cuts lose packets, which TCP sends again, late; long ones outlast GOST's patience.
    for (let cut = 0; cut < 12; cut++) {
      await sleep(random.integer(PERIOD_MS));
      await namespace.cut();
      await sleep(cut % 4 === 3 ? 2 * TIMEOUT_MS : random.integer(PERIOD_MS));
      await namespace.mend();
    }
    await traffic.stop();
    await expectBalanced(gostcol, books, QUIET_MS);
    await expectSettled(gostcol, books);
  },
);

async function underTraffic(edge: Edge, lastsMs: number): Promise<void> {
  const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1) });
  await sleep(lastsMs);
  await traffic.stop();
}
