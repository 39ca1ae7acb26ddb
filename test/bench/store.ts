import { type AgentProcess, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import { type BenchPart, median } from "./figure.ts";
import { makeReports, USUAL } from "./reports.ts";
import { runWarm } from "./warm-load.ts";

/**
 * What waits together is committed together, so it takes many services at once to fill a disk's time. The warm-up is long,
 * for by the clock whoever is slower has had fewer events by then.
 */
const LOAD = { connections: 256, seconds: 4, warmUp: { seconds: 8 } };

/** Each of a process without a store and one with it, in turns. */
const PAIRS = 3;

/**
 * The same reports over HTTP, answered when they are on the disk, and when they are in memory. By the clock a single pair
 * means little on a machine that has anything else to do: whatever that is takes its time from one of the two, and the
 * speed depends on how long each thread waits for its turn. So there are several pairs, each a ratio of its own, and of
 * everything the median counts. The CPU time says more than the speed there.
 */
export const store: BenchPart = {
  name: "store",
  title: "the whole process over HTTP with a store, against the same without one",
  async run() {
    const pairs: { readonly memory: Measurement; readonly disk: Measurement }[] = [];
    for (let number = 0; number < PAIRS; number++) {
      const memory = await measured(await startAgentProcess());
      const disk = await withStoreFolder(async (storeFolder) => measured(await startAgentProcess({ storeFolder })));
      pairs.push({ memory, disk });
    }
    const medianOf = (value: (pair: (typeof pairs)[number]) => number) => median(pairs.map(value));
    return [
      {
        name: "HTTP, 256 connections: in memory",
        value: medianOf(({ memory }) => memory.eventsPerSecond),
        unit: "events/s",
      },
      { name: "HTTP, 256 connections: on disk", value: medianOf(({ disk }) => disk.eventsPerSecond), unit: "events/s" },
      {
        name: "on disk / in memory",
        value: medianOf(({ memory, disk }) => disk.eventsPerSecond / memory.eventsPerSecond),
        unit: "x",
        goal: { atLeast: 0.7 },
      },
      {
        name: "CPU of all threads: in memory",
        value: medianOf(({ memory }) => memory.cpuMicroseconds),
        unit: "us/event",
      },
      { name: "CPU of all threads: on disk", value: medianOf(({ disk }) => disk.cpuMicroseconds), unit: "us/event" },
    ];
  },
};

interface Measurement {
  readonly eventsPerSecond: number;
  /** For each event. */
  readonly cpuMicroseconds: number;
}

async function measured(agent: AgentProcess): Promise<Measurement> {
  const { requests, seconds, cpuSeconds } = await runWarm(agent, { ...LOAD, bodies: makeReports(USUAL) });
  const events = requests * USUAL.clientsPerService;
  return { eventsPerSecond: events / seconds, cpuMicroseconds: (cpuSeconds * 1e6) / events };
}
