import { REPORT_PATH, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import { HOW_TO_INSTALL, type LoadResult, runWrk, wrkIsInstalled } from "./load.ts";
import { firstAnswer, type Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, USUAL } from "./reports.ts";

/** At full speed, for V8 to compile what is called often. */
const WARM_UP = { seconds: 5, connections: 16 };
const SECONDS = 10;
/** As many services as report five times a second: one that waits for its answer keeps few of the others' reports back. */
const LOAD = { rate: 1000, connections: 200 };

/** How long GOST waits for its answer, with 1,000 reports a second. */
export const latency: BenchPart = {
  name: "latency",
  title: "an answered report at 1,000 reports/s",
  async run() {
    if (!wrkIsInstalled()) throw new Error(HOW_TO_INSTALL);
    const theirs = await waitMs(await startPromClient());
    const ours = await waitMs(await startAgentProcess());
    const stored = await withStoreFolder(async (storeFolder) => waitMs(await startAgentProcess({ storeFolder })));
    return [
      { name: "answered report, p50", value: ours.p50, unit: "ms" },
      { name: "answered report, p99", value: ours.p99, unit: "ms", goal: { atMost: 2 } },
      { name: "answered report, with a store, p50", value: stored.p50, unit: "ms" },
      { name: "answered report, with a store, p99", value: stored.p99, unit: "ms", goal: { atMost: 5 } },
      { name: "answered report, p99, prom-client", value: theirs.p99, unit: "ms" },
    ];
  },
};

async function waitMs(server: Measured): Promise<LoadResult["waitMs"]> {
  const bodies = makeReports(USUAL);
  const load = { url: `http://127.0.0.1:${server.port}${REPORT_PATH}`, bodies };
  try {
    await firstAnswer(server, REPORT_PATH, bodies[0]!);
    const warmUp = runWrk({ ...load, ...WARM_UP });
    const result = runWrk({ ...load, ...LOAD, seconds: SECONDS, firstNumber: 2 * warmUp.requests });
    const { requests, refused, broken } = result;
    if (refused + broken > 0) throw new Error(`${refused} reports were refused, ${broken} broken\n${server.stderr()}`);
    if (requests < 0.9 * LOAD.rate * SECONDS) throw new Error(`only ${requests} reports were sent`);
    return result.waitMs;
  } finally {
    await server.stop();
  }
}
