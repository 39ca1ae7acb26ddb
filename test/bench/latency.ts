import { startAgentProcess, withStoreFolder } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import type { LoadResult } from "./load.ts";
import type { Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, USUAL } from "./reports.ts";
import { runWarm } from "./warm-load.ts";

/** As many services as report five times a second: one that waits for its answer keeps few of the others' reports back. */
const LOAD = { rate: 1000, connections: 200, seconds: 10, warmUp: { seconds: 5, connections: 16 } };

/** How long GOST waits for its answer, with 1,000 reports a second. */
export const latency: BenchPart = {
  name: "latency",
  title: "an answered report at 1,000 reports/s",
  async run() {
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
  return (await runWarm(server, { ...LOAD, bodies: makeReports(USUAL) })).waitMs;
}
