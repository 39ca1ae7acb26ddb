import { collector } from "./collector.ts";
import { type BenchPart, type Figure, figureTable } from "./figure.ts";
import { ingest } from "./ingest.ts";
import { latency } from "./latency.ts";
import { memory } from "./memory.ts";
import { otlpWriter } from "./otlp-writer.ts";
import { restart } from "./restart.ts";
import { scrape } from "./scrape.ts";
import { start } from "./start.ts";
import { store } from "./store.ts";
import { throughput } from "./throughput.ts";

/**
 * `npm run bench` runs every part and prints one table; `npm run bench -- latency memory` runs those parts. Ratios come
 * from one run on one machine, so they mean something on any machine; absolute figures want an otherwise idle one.
 */
const PARTS: readonly BenchPart[] = [
  ingest,
  store,
  throughput,
  scrape,
  latency,
  start,
  restart,
  memory,
  otlpWriter,
  collector,
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such part: ${unknown.join(", ")}; there are ${PARTS.map(({ name }) => name).join(", ")}\n`);
  process.exit(2);
}

const figures: Figure[] = [];
const failures: string[] = [];
for (const part of PARTS.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  process.stderr.write(`${part.name}: ${part.title}\n`);
  try {
    figures.push(...(await part.run()));
  } catch (error) {
    failures.push(`${part.name} did not run: ${error instanceof Error ? error.message : String(error)}`);
  }
}
process.stdout.write(`${[figureTable(figures), ...failures].join("\n")}\n`);
// A missed goal is told, not an error: on a busy machine it says nothing about the program.
process.exitCode = failures.length > 0 ? 1 : 0;
