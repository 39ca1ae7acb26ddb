import { startAgentProcess, withStoreFolder } from "./agent-process.ts";
import { type BenchPart, median } from "./figure.ts";
import type { LoadResult } from "./load.ts";
import type { Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, USUAL } from "./reports.ts";
import { runWarm } from "./warm-load.ts";

/** As many services as report five times a second: one that waits for its answer keeps few of the others' reports back. */
const LOAD = { rate: 1000, connections: 200, seconds: 4, warmUp: { seconds: 4, connections: 16 } };

/** Of each server, in turns: a hundredth of one round is over after 40 ms of anything else that the machine or its disk does. */
const ROUNDS = 3;

/** How long GOST waits for its answer, with 1,000 reports a second. */
export const latency: BenchPart = {
  name: "latency",
  title: "an answered report at 1,000 reports/s",
  async run() {
    const rounds: { readonly theirs: Waited; readonly ours: Waited; readonly stored: Waited }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      rounds.push({
        theirs: await waited(await startPromClient()),
        ours: await waited(await startAgentProcess()),
        stored: await withStoreFolder(async (storeFolder) => waited(await startAgentProcess({ storeFolder }))),
      });
    }
    const medianOf = (value: (round: (typeof rounds)[number]) => number) => median(rounds.map(value));
    return [
      { name: "answered report, p50", value: medianOf(({ ours }) => ours.p50), unit: "ms" },
      { name: "answered report, p99", value: medianOf(({ ours }) => ours.p99), unit: "ms", goal: { atMost: 2 } },
      { name: "answered report, with a store, p50", value: medianOf(({ stored }) => stored.p50), unit: "ms" },
      {
        name: "answered report, with a store, p99",
        value: medianOf(({ stored }) => stored.p99),
        unit: "ms",
        goal: { atMost: 5 },
      },
      { name: "answered report, p99, prom-client", value: medianOf(({ theirs }) => theirs.p99), unit: "ms" },
    ];
  },
};

type Waited = LoadResult["waitMs"];

async function waited(server: Measured): Promise<Waited> {
  return (await runWarm(server, { ...LOAD, bodies: makeReports(USUAL) })).waitMs;
}
