import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { worldWith } from "./bugs/bugs.ts";
import type { LifeResult } from "./life.ts";
import { live } from "./life.ts";
import type { Work } from "./worker.ts";

/**
 * Lives lives, and says which of them do not balance:
 *
 *     npm run simulate -- --seeds 1000            seeds 1 to 1000, on all cores
 *     npm run simulate -- --seed 17 --verbose     one life again, with everything that happens in it
 *     npm run simulate -- --seeds 200 --bug NAME  with a bug put in
 */
const { values: args } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    bug: { type: "string" },
    verbose: { type: "boolean", default: false },
    threads: { type: "string", default: String(availableParallelism()) },
    /** Where a report for CI is written: one test for each batch of seeds. */
    json: { type: "string" },
  },
});

const BATCH = 50;
/** A long run says after so many that it goes on. */
const PROGRESS = 5_000;

const print = (line: string) => process.stdout.write(`${line}\n`);

process.exitCode = (args.seed === undefined ? await many() : await one(Number(args.seed))) ? 0 : 1;

async function one(seed: number): Promise<boolean> {
  const result = await live(seed, { ...worldWith(args.bug), ...(args.verbose ? { write: print } : {}) });
  print(result.failure ?? "balances");
  print(`${result.reports} reports, ${result.agents} processes of the agent, trace ${result.hash}`);
  return result.failure === undefined;
}

async function many(): Promise<boolean> {
  const [from, count] = [Number(args.from), Number(args.seeds)];
  const batches: Work[] = [];
  for (let seed = from; seed < from + count; seed += BATCH) {
    batches.push({ from: seed, to: Math.min(seed + BATCH, from + count), bug: args.bug });
  }
  const beganAt = performance.now();
  const results: LifeResult[] = [];
  const report = { numPassedTests: 0, numFailedTests: 0, testResults: [] as object[] };
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(Number(args.threads), batches.length) }, async () => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url));
      while (next < batches.length) {
        const batch = batches[next++]!;
        const lives = await inWorker(worker, batch);
        const failed = lives.filter(({ failure }) => failure !== undefined);
        for (const { seed, failure } of failed) print(`seed ${seed}: ${failure}\n    ${replay(seed)}`);
        results.push(...lives);
        if (results.length % PROGRESS === 0) print(`${results.length} lives so far`);
        report[failed.length === 0 ? "numPassedTests" : "numFailedTests"]++;
        report.testResults.push({
          name: `lives ${batch.from} to ${batch.to - 1} balance`,
          status: failed.length === 0 ? "passed" : "failed",
          assertionResults: failed.map(({ seed, failure }) => ({
            fullName: `seed ${seed}`,
            status: "failed",
            failureMessages: [failure],
          })),
        });
      }
      await worker.terminate();
    }),
  );
  if (args.json !== undefined) writeFileSync(args.json, JSON.stringify(report));
  const seconds = (performance.now() - beganAt) / 1000;
  const sum = (of: (result: LifeResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const imbalances = results.filter(({ failure }) => failure !== undefined).length;
  print(
    `${results.length} lives, ${imbalances} imbalances; ${Math.round(sum(({ reports }) => reports) / results.length)} reports ` +
      `and ${(sum(({ agents }) => agents) / results.length).toFixed(1)} processes of the agent a life; ` +
      `${seconds.toFixed(1)} s, ${Math.round((results.length / seconds) * 60)} lives a minute`,
  );
  return imbalances === 0;
}

function inWorker(worker: Worker, work: Work): Promise<readonly LifeResult[]> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (lives: readonly LifeResult[]) => {
      worker.off("error", reject);
      resolve(lives);
    });
    worker.postMessage(work);
  });
}

function replay(seed: number): string {
  return `npm run simulate -- --seed ${seed}${args.bug === undefined ? "" : ` --bug ${args.bug}`} --verbose`;
}
