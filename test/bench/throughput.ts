import { startAgentProcess } from "./agent-process.ts";
import { type BenchPart, type Figure, median } from "./figure.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, type ReportShape, USUAL } from "./reports.ts";
import { LoadedServer } from "./warm-load.ts";

const CONNECTIONS = 16;
const WARM_UP_SECONDS = 5;
/** A second of each server, in turns: a machine that is slower for a while is so for both. */
const TURNS = 9;
/** A thousand clients, in small reports, of which HTTP itself is half the cost, and in large ones. */
const SHAPES = [USUAL, { services: 10, clientsPerService: 100, rounds: 20 }];

/** What a second of the whole process's CPU takes in over HTTP, beside a minimal server with prom-client. */
export const throughput: BenchPart = {
  name: "throughput",
  title: "the whole process over HTTP, against a minimal server with prom-client",
  async run() {
    const figures: Figure[] = [];
    for (const shape of SHAPES) figures.push(...(await compare(shape)));
    return figures;
  },
};

async function compare(shape: ReportShape): Promise<readonly Figure[]> {
  const servers = [await startPromClient(), await startAgentProcess()];
  try {
    const load = { bodies: makeReports(shape), connections: CONNECTIONS };
    const loaded: LoadedServer[] = [];
    for (const server of servers) loaded.push(await LoadedServer.start(server, { ...load, seconds: WARM_UP_SECONDS }));
    const [theirs, ours] = loaded as [LoadedServer, LoadedServer];
    const eventsPerCpuSecond = (server: LoadedServer) => {
      const { requests, cpuSeconds } = server.run({ ...load, seconds: 1 });
      return (requests * shape.clientsPerService) / cpuSeconds;
    };
    const turns = Array.from({ length: TURNS }, () => ({
      theirs: eventsPerCpuSecond(theirs),
      ours: eventsPerCpuSecond(ours),
    }));
    const reports = `HTTP, ${shape.clientsPerService} events a report`;
    const ratio = median(turns.map((turn) => turn.ours / turn.theirs));
    return [
      { name: `${reports}: prom-client`, value: median(turns.map((turn) => turn.theirs)), unit: "events/CPU-s" },
      { name: `${reports}: gostcol`, value: median(turns.map((turn) => turn.ours)), unit: "events/CPU-s" },
      { name: `${reports}: gostcol / prom-client`, value: ratio, unit: "x", goal: { atLeast: 2 } },
    ];
  } finally {
    for (const server of servers) await server.stop();
  }
}
