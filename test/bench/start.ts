import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROGRAM, REPORT_PATH, startAgentProcess } from "./agent-process.ts";
import { type BenchPart, median } from "./figure.ts";
import { firstAnswer, type Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { startReference } from "./reference.ts";
import { makeReports } from "./reports.ts";

const RUNS = 9;

/** With a warm compile cache, and with none. */
const GOALS = { warm: { atMost: 100 }, cold: { atMost: 160 } } as const;

/**
 * From the start of the process to its first answer: as built here, with the code cache that the build writes; and as
 * under a Node that cannot use that cache, or from a package, which has none: with what an earlier start kept, and without.
 * And the same divided by how slow the machine is at that moment, beside the one that the goals are meant for.
 */
export const start: BenchPart = {
  name: "start",
  title: `start to first answer (${PROGRAM.endsWith(".ts") ? "from the sources: run npm run build first" : "built"})`,
  async run() {
    const folder = mkdtempSync(join(tmpdir(), "gostcol-start-"));
    const reference = await startReference();
    try {
      const copy = programWithoutCodeCache(folder);
      const foreign = (cache: string) =>
        startAgentProcess({ environment: { NODE_COMPILE_CACHE: join(folder, cache) }, program: copy });
      const starts = {
        built: () => startAgentProcess(),
        warm: () => foreign("warm"),
        cold: (run: number) => foreign(`cold-${run}`),
        theirs: () => startPromClient(),
      };
      const names = Object.keys(starts) as (keyof typeof starts)[];
      const ms: Record<keyof typeof starts, number[]> = { built: [], warm: [], cold: [], theirs: [] };
      const slowness: number[] = [];
      await startToFirstAnswerMs(() => foreign("warm"));
      for (let run = 0; run < RUNS; run++) {
        slowness.push(await reference.slowness());
        // There and back: whoever starts behind another finds the machine's caches full of that one.
        for (const name of run % 2 === 0 ? names : names.toReversed()) {
          ms[name].push(await startToFirstAnswerMs(() => starts[name](run)));
        }
      }
      const asThere = (times: readonly number[]) => median(times.map((time, run) => time / slowness[run]!));
      return [
        { name: "start", value: median(ms.built), unit: "ms", goal: GOALS.warm },
        { name: "start, built by another Node, warm", value: median(ms.warm), unit: "ms" },
        { name: "start, built by another Node, cold", value: median(ms.cold), unit: "ms", goal: GOALS.cold },
        { name: "start, prom-client's server", value: median(ms.theirs), unit: "ms" },
        { name: "this machine, beside that of the goals", value: median(slowness), unit: "x as slow" },
        { name: "start, as there", value: asThere(ms.built), unit: "ms", goal: GOALS.warm },
        { name: "start, built by another Node, cold, as there", value: asThere(ms.cold), unit: "ms", goal: GOALS.cold },
      ];
    } finally {
      await reference.stop();
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
