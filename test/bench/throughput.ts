import { REPORT_PATH, startAgentProcess } from "./agent-process.ts";
import type { BenchPart, Figure } from "./figure.ts";
import { HOW_TO_INSTALL, runWrk, wrkIsInstalled } from "./load.ts";
import { cpuSeconds, firstAnswer, type Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, type ReportShape, USUAL } from "./reports.ts";

/** Until V8 has compiled what is called often. */
const WARM_UP_SECONDS = 5;
const SECONDS = 4;
const CONNECTIONS = 16;
/** A thousand clients, in small reports, of which HTTP itself is half the cost, and in large ones. */
const SHAPES = [USUAL, { services: 10, clientsPerService: 100, rounds: 20 }];

/** What a second of the whole process's CPU takes in over HTTP, beside a minimal server with prom-client. */
export const throughput: BenchPart = {
  name: "throughput",
  title: "the whole process over HTTP, against a minimal server with prom-client",
  async run() {
    if (!wrkIsInstalled()) throw new Error(HOW_TO_INSTALL);
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
  const bodies = makeReports(shape);
  const load = { url: `http://127.0.0.1:${server.port}${REPORT_PATH}`, bodies, connections: CONNECTIONS };
  try {
    await firstAnswer(server, REPORT_PATH, bodies[0]!);
    const warmUp = runWrk({ ...load, seconds: WARM_UP_SECONDS });
    const before = cpuSeconds(server.pid);
    const { requests, refused, broken } = runWrk({ ...load, seconds: SECONDS, firstNumber: 2 * warmUp.requests });
    const used = cpuSeconds(server.pid) - before;
    if (refused + broken > 0) throw new Error(`${refused} reports were refused, ${broken} broken\n${server.stderr()}`);
    return (requests * shape.clientsPerService) / used;
  } finally {
    await server.stop();
  }
}
