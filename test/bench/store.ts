import { type AgentProcess, REPORT_PATH, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import { HOW_TO_INSTALL, runWrk, wrkIsInstalled } from "./load.ts";
import { cpuSeconds, firstAnswer } from "./processes.ts";
import { makeReports, USUAL } from "./reports.ts";

/** Until everything is compiled: by the clock, whoever is slower has had fewer events by then. */
const WARM_UP_SECONDS = 8;
const SECONDS = 4;
/** What waits together is committed together, so it takes many services at once to fill a disk's time. */
const CONNECTIONS = 256;

/**
 * The same reports over HTTP, answered when they are on the disk, and when they are in memory. On a machine that has much
 * else to do, the CPU time says more than the speed, which then depends on how long each thread waits for its turn.
 */
export const store: BenchPart = {
  name: "store",
  title: "the whole process over HTTP with a store, against the same without one",
  async run() {
    if (!wrkIsInstalled()) throw new Error(HOW_TO_INSTALL);
    const memory = await measured(await startAgentProcess());
    const disk = await withStoreFolder(async (storeFolder) => measured(await startAgentProcess({ storeFolder })));
    return [
      { name: "HTTP, 256 connections: in memory", value: memory.eventsPerSecond, unit: "events/s" },
      { name: "HTTP, 256 connections: on disk", value: disk.eventsPerSecond, unit: "events/s" },
      {
        name: "on disk / in memory",
        value: disk.eventsPerSecond / memory.eventsPerSecond,
        unit: "x",
        goal: { atLeast: 0.7 },
      },
      { name: "CPU of all threads: in memory", value: memory.cpuMicroseconds, unit: "us/event" },
      { name: "CPU of all threads: on disk", value: disk.cpuMicroseconds, unit: "us/event" },
    ];
  },
};

interface Measurement {
  readonly eventsPerSecond: number;
  /** For each event. */
  readonly cpuMicroseconds: number;
}

async function measured(agent: AgentProcess): Promise<Measurement> {
  const bodies = makeReports(USUAL);
  const load = { url: `http://127.0.0.1:${agent.port}${REPORT_PATH}`, bodies, connections: CONNECTIONS };
  try {
    await firstAnswer(agent, REPORT_PATH, bodies[0]!);
    const warmUp = runWrk({ ...load, seconds: WARM_UP_SECONDS });
    const cpuBefore = cpuSeconds(agent.pid);
    const { requests, refused, broken, seconds } = runWrk({
      ...load,
      seconds: SECONDS,
      firstNumber: 2 * warmUp.requests,
    });
    if (refused + broken > 0) throw new Error(`${refused} reports were refused, ${broken} broken\n${agent.stderr()}`);
    const events = requests * USUAL.clientsPerService;
    const cpuMicroseconds = ((cpuSeconds(agent.pid) - cpuBefore) * 1e6) / events;
    return { eventsPerSecond: events / seconds, cpuMicroseconds };
  } finally {
    await agent.stop();
  }
}
