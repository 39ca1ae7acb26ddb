import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROGRAM, REPORT_PATH, startAgentProcess } from "./agent-process.ts";
import { type BenchPart, median } from "./figure.ts";
import { firstAnswer, type Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports } from "./reports.ts";

const RUNS = 7;

/** From the start of the process to its first answer. */
export const start: BenchPart = {
  name: "start",
  title: `start to first answer (${PROGRAM.endsWith(".ts") ? "from the sources: run npm run build first" : "built"})`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "gostcol-compile-cache-"));
    try {
      const cold: number[] = [];
      const warm: number[] = [];
      const theirs: number[] = [];
      const agent = (cache: string) => () => startAgentProcess({ NODE_COMPILE_CACHE: join(folder, cache) });
      await startToFirstAnswerMs(agent("warm"));
      for (let run = 0; run < RUNS; run++) {
        cold.push(await startToFirstAnswerMs(agent(`cold-${run}`)));
        warm.push(await startToFirstAnswerMs(agent("warm")));
        theirs.push(await startToFirstAnswerMs(startPromClient));
      }
      return [
        { name: "start, warm compile cache", value: median(warm), unit: "ms", goal: { atMost: 100 } },
        { name: "start, cold compile cache", value: median(cold), unit: "ms", goal: { atMost: 160 } },
        { name: "start, prom-client's server", value: median(theirs), unit: "ms" },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function startToFirstAnswerMs(startServer: () => Promise<Measured>): Promise<number> {
  const body = makeReports({ services: 1, clientsPerService: 1, rounds: 1 })[0]!;
  const startedAt = performance.now();
  const server = await startServer();
  try {
    await firstAnswer(server, REPORT_PATH, body);
    return performance.now() - startedAt;
  } finally {
    await server.stop();
  }
}
