import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROGRAM, REPORT_PATH, startAgentProcess } from "./agent-process.ts";
import { type BenchPart, median } from "./figure.ts";
import { firstAnswer, type Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports } from "./reports.ts";

const RUNS = 7;

/**
 * From the start of the process to its first answer: as built here, with the code cache that the build writes; and as
 * under a Node that cannot use that cache, or from a package, which has none: with what an earlier start kept, and without.
 */
export const start: BenchPart = {
  name: "start",
  title: `start to first answer (${PROGRAM.endsWith(".ts") ? "from the sources: run npm run build first" : "built"})`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "gostcol-start-"));
    try {
      const copy = programWithoutCodeCache(folder);
      const foreign = (cache: string) => () =>
        startAgentProcess({ environment: { NODE_COMPILE_CACHE: join(folder, cache) }, program: copy });
      const built: number[] = [];
      const warm: number[] = [];
      const cold: number[] = [];
      const theirs: number[] = [];
      await startToFirstAnswerMs(foreign("warm"));
      for (let run = 0; run < RUNS; run++) {
        built.push(await startToFirstAnswerMs(startAgentProcess));
        warm.push(await startToFirstAnswerMs(foreign("warm")));
        cold.push(await startToFirstAnswerMs(foreign(`cold-${run}`)));
        theirs.push(await startToFirstAnswerMs(startPromClient));
      }
      return [
        { name: "start", value: median(built), unit: "ms", goal: { atMost: 100 } },
        { name: "start, built by another Node, warm", value: median(warm), unit: "ms" },
        { name: "start, built by another Node, cold", value: median(cold), unit: "ms", goal: { atMost: 160 } },
        { name: "start, prom-client's server", value: median(theirs), unit: "ms" },
      ];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

function programWithoutCodeCache(folder: string): string {
  if (PROGRAM.endsWith(".ts")) return PROGRAM;
  cpSync(dirname(PROGRAM), folder, { recursive: true, filter: (path) => !path.endsWith(".cache") });
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  return join(folder, "gostcol.js");
}

async function startToFirstAnswerMs(startServer: () => Promise<Measured>): Promise<number> {
  const body = makeReports({ services: 1, clientsPerService: 1, rounds: 1 })[0]!;
  const server = await startServer();
  try {
    await firstAnswer(server, REPORT_PATH, body);
    return performance.now() - server.startedAt;
  } finally {
    await server.stop();
  }
}
