import { type AgentProcess, REPORT_PATH, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import { HOW_TO_INSTALL, runWrk, wrkIsInstalled } from "./load.ts";
import { firstAnswer } from "./processes.ts";
import { makeReports, USUAL } from "./reports.ts";

const WARM_UP_SECONDS = 2;
const SECONDS = 4;
/** What waits together is committed together, so it takes many services at once to fill a disk's time. */
const CONNECTIONS = 256;

/** The same reports over HTTP, answered when they are on the disk, and when they are in memory. */
export const store: BenchPart = {
  name: "store",
  title: "the whole process over HTTP with a store, against the same without one",
  async run() {
    if (!wrkIsInstalled()) throw new Error(HOW_TO_INSTALL);
    const memory = await eventsPerSecond(await startAgentProcess());
    const disk = await withStoreFolder(async (storeFolder) =>
      eventsPerSecond(await startAgentProcess({ storeFolder })),
    );
    return [
      { name: "HTTP, 256 connections: in memory", value: memory, unit: "events/s" },
      { name: "HTTP, 256 connections: on disk", value: disk, unit: "events/s" },
      { name: "on disk / in memory", value: disk / memory, unit: "x", goal: { atLeast: 0.7 } },
    ];
  },
};

async function eventsPerSecond(agent: AgentProcess): Promise<number> {
  const bodies = makeReports(USUAL);
  const load = { url: `http://127.0.0.1:${agent.port}${REPORT_PATH}`, bodies, connections: CONNECTIONS };
  try {
    await firstAnswer(agent, REPORT_PATH, bodies[0]!);
    const warmUp = runWrk({ ...load, seconds: WARM_UP_SECONDS });
    const { requests, refused, broken, seconds } = runWrk({
      ...load,
      seconds: SECONDS,
      firstNumber: 2 * warmUp.requests,
    });
    if (refused + broken > 0) throw new Error(`${refused} reports were refused, ${broken} broken\n${agent.stderr()}`);
    return (requests * USUAL.clientsPerService) / seconds;
  } finally {
    await agent.stop();
  }
}
