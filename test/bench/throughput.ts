import { startAgentProcess } from "./agent-process.ts";
import type { BenchPart, Figure } from "./figure.ts";
import type { Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, type ReportShape, USUAL } from "./reports.ts";
import { runWarm } from "./warm-load.ts";

const LOAD = { connections: 16, seconds: 4, warmUp: { seconds: 5 } };
/** A thousand clients, in small reports, of which HTTP itself is half the cost, and in large ones. */
const SHAPES = [USUAL, { services: 10, clientsPerService: 100, rounds: 20 }];

/** What a second of the whole process's CPU takes in over HTTP, beside a minimal server with prom-client. */
export const throughput: BenchPart = {
  name: "throughput",
  title: "the whole process over HTTP, against a minimal server with prom-client",
  async run() {
    const figures: Figure[] = [];
    for (const shape of SHAPES) {
      const theirs = await eventsPerCpuSecond(await startPromClient(), shape);
      const ours = await eventsPerCpuSecond(await startAgentProcess(), shape);
      const reports = `HTTP, ${shape.clientsPerService} events a report`;
      figures.push(
        { name: `${reports}: prom-client`, value: theirs, unit: "events/CPU-s" },
        { name: `${reports}: gostcol`, value: ours, unit: "events/CPU-s" },
        { name: `${reports}: gostcol / prom-client`, value: ours / theirs, unit: "x", goal: { atLeast: 2 } },
      );
    }
    return figures;
  },
};

async function eventsPerCpuSecond(server: Measured, shape: ReportShape): Promise<number> {
  const { requests, cpuSeconds } = await runWarm(server, { ...LOAD, bodies: makeReports(shape) });
  return (requests * shape.clientsPerService) / cpuSeconds;
}
