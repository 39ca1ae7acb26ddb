import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import type { Fate } from "./harness/answer-watch.ts";
import { expectBalanced, expectSettled } from "./harness/books.ts";
import { TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { EVERY_REPORTING, type Scenario, startScenario } from "./harness/scenario.ts";
import { startTraffic } from "./harness/traffic.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const OUTAGE_MS = 1000 * Number(process.env["GOSTCOL_OUTAGE_SECONDS"] ?? 8);
/** After an outage a gRPC observer waits up to twice as long as it lasted before it tries again. */
const QUIET_MS = 2 * OUTAGE_MS + 30 * PERIOD_MS;

const BREAKS = [
  "reset_before_answer",
  "end_before_answer",
  "lose_answer",
  "reset_after_answer",
  "end_after_answer",
] as const satisfies readonly Fate[];

test.each(EVERY_REPORTING)(
  `connections that break at every point around an answer count nothing twice: $protocol, $mode (GOSTCOL_SOAK_SEED=${SEED})`,
  async (reporting) => {
    const scenario = await startScenario({ ...reporting, stored: true });
    const { gostcol, relay, books } = scenario;
    const watch = watchTotals(gostcol);
    const random = seededRandom(SEED);
    relay.decide = () => (random.integer(2) === 0 ? "deliver" : BREAKS[random.integer(BREAKS.length)]!);
    await underTraffic(scenario, 15 * PERIOD_MS);
    await expectBalanced(gostcol, books, 40 * PERIOD_MS); // While it still breaks.
    relay.decide = () => "deliver";
    await expectSettled(gostcol, books, QUIET_MS);
    for (const fate of BREAKS) expect(relay.met[fate], fate).toBeGreaterThan(0);
    expect(watch.falls).toEqual([]);
  },
);

test.each(EVERY_REPORTING)(
  `an outage of ${OUTAGE_MS / 1000} s loses nothing: $protocol, $mode`,
  { timeout: 3 * OUTAGE_MS + 2 * QUIET_MS },
  async (reporting) => {
    const scenario = await startScenario({ ...reporting, stored: true });
    const { gostcol, relay, books } = scenario;
    await underTraffic(scenario, 2 * PERIOD_MS);
    relay.refuse();
    await underTraffic(scenario, OUTAGE_MS);
    relay.mend();
    await expectBalanced(gostcol, books, QUIET_MS);
    // The same by our own absence.
    await gostcol.end("SIGKILL");
    await underTraffic(scenario, OUTAGE_MS);
    await gostcol.start();
    await expectSettled(gostcol, books, QUIET_MS);
  },
);

async function underTraffic({ edge }: Scenario, lastsMs: number): Promise<void> {
  const traffic = startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 1) });
  await sleep(lastsMs);
  await traffic.stop();
}
