import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { bytesOf, expectSettled, expectWithin, withoutActive } from "./harness/books.ts";
import { TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { observed } from "./harness/observed.ts";
import { EVERY_REPORTING, someBytes } from "./harness/scenario.ts";
import { startTraffic } from "./harness/traffic.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const KILLS = Number(process.env["GOSTCOL_GOST_KILLS"] ?? 5);
const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const UP_MS_MAX = 3 * PERIOD_MS;
/** Within two seconds an end and a beginning are a reload, and the first report comes after one. */
const HASTE_MS_MAX = 1500;

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

// The end that a reload tells must not pass for one of the process that was killed: it never told one.
test.each(["cumulative", "delta"] as const)(
  "a GOST that is killed with connections open, started, and reloaded a moment later has begun anew: %s",
  async (mode) => {
    const { gostcol, edge, ledger, nextInstance } = await observed({ protocol: "http", mode });
    for (const [life, gapMs] of [0, 300, 900].entries()) {
      const held = await Promise.all(TUNNEL_SERVICES.map((service) => edge.hold(service)));
      for (const connection of held) await connection.move({ upload: someBytes(), download: someBytes() });
      await sleep(2 * PERIOD_MS);
      await edge.gost.end("SIGKILL");
      await Promise.allSettled(held.map((connection) => connection.close()));
      await nextInstance();
      await edge.gost.start();
      await sleep(gapMs);
      await nextInstance();
      await edge.gost.reload();
      // More than the killed process had: nothing falls that would give it away.
      for (const service of TUNNEL_SERVICES) {
        for (let more = 0; more < 2 + 2 * life; more++) {
          await edge.move(service, { upload: 100_000 + someBytes(), download: 100_000 + someBytes() });
        }
      }
      await sleep(3 * PERIOD_MS);
    }
    await expectSettled(withoutActive(gostcol), ledger, 20 * PERIOD_MS);
  },
);

// Two things at once, or nearly: a crash loop, a reload upon a start, reloads upon each other, and reports in between.
test.each(["cumulative", "delta"] as const)(
  `a GOST in haste under traffic counts once: %s (GOSTCOL_SOAK_SEED=${SEED})`,
  { timeout: 2 * KILLS * (UP_MS_MAX + 3000) + 60_000 },
  async (mode) => {
    const random = seededRandom(SEED);
    const options = { protocol: "http", mode, observersOfTheirOwn: mode === "cumulative" } as const;
    const { gostcol, edge, ledger, nextInstance } = await observed(options);
    const watch = watchTotals(gostcol);
    const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1), mayBreak: true });
    for (let turn = 0; turn < 2 * KILLS; turn++) {
      await sleep(random.integer(random.integer(2) === 0 ? HASTE_MS_MAX : UP_MS_MAX));
      const choice = random.integer(4);
      if (choice > 1) {
        await nextInstance();
        await edge.gost.reload();
        continue;
      }
      await edge.gost.end(choice === 0 ? "SIGTERM" : "SIGKILL");
      await nextInstance();
      await edge.gost.start();
    }
    await traffic.stop();
    await sleep(3 * PERIOD_MS);
    if (mode === "delta") await expectSettled(bytesOf(gostcol), bytesOf(ledger), 20 * PERIOD_MS);
    else expectWithin(await gostcol.scrape(), ledger.accounts());
    expect(watch.falls).toEqual([]);
  },
);
