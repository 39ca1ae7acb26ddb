import { registry } from "../../src/registry.ts";
import { live } from "./life.ts";

const [from = "1", count = "1", verbose] = process.argv.slice(2);
let reports = 0;
let failed = 0;
const began = performance.now();
for (let seed = Number(from); seed < Number(from) + Number(count); seed++) {
  const result = await live(seed, {
    registry,
    ...(verbose ? { write: (line: string) => process.stdout.write(`${line}\n`) } : {}),
  });
  reports += result.reports;
  if (result.failure !== undefined) {
    failed++;
    process.stdout.write("\n" + `seed ${seed}: ${result.failure}`);
  }
}
const s = (performance.now() - began) / 1000;
process.stdout.write(
  "\n" +
    `${count} lives, ${failed} failed, ${(reports / Number(count)).toFixed(0)} reports a life, ${((s / Number(count)) * 1000).toFixed(1)} ms a life`,
);
