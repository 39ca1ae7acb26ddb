import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { expectSettled, withoutActive } from "./harness/books.ts";
import { TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { observed } from "./harness/observed.ts";
import { EVERY_REPORTING } from "./harness/scenario.ts";
import { startTraffic } from "./harness/traffic.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const KILLS = Number(process.env["GOSTCOL_GOST_KILLS"] ?? 5);
const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const UP_MS_MAX = 3 * PERIOD_MS;

// What it had not reported dies with it: what it had is the truth.
test.each(EVERY_REPORTING)(
  `every report of a GOST that is killed under traffic counts once: $protocol, $mode (GOSTCOL_SOAK_SEED=${SEED})`,
  { timeout: KILLS * (UP_MS_MAX + 3000) + 60_000 },
  async (reporting) => {
    const random = seededRandom(SEED);
    const { gostcol, edge, ledger, nextInstance } = await observed(reporting);
    const watch = watchTotals(gostcol);
    const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1), mayBreak: true });
    for (let kill = 0; kill < KILLS; kill++) {
      await sleep(random.integer(UP_MS_MAX));
      await edge.gost.end("SIGKILL");
      await nextInstance();
      await edge.gost.start();
    }
    await traffic.stop();
    await sleep(2 * PERIOD_MS);
    await expectSettled(withoutActive(gostcol), ledger, 20 * PERIOD_MS);
    expect(watch.falls).toEqual([]);
  },
);
