import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { howToGet, missingPeers } from "./harness/peers.ts";
import { LongestFirst } from "./longest-first.ts";

const missing = missingPeers();
if (missing.length > 0) {
  const message = `The interop tests did not run: ${howToGet(missing)}.`;
  if (process.env["CI"] === "true") throw new Error(message);
  process.stderr.write(`${message}\n`);
}

const EVERY_TEST = missing.length > 0 ? [] : ["**/*.test.ts"];
/** These measure what the machine gives them, so they have it to themselves, one after the other. */
const ALONE = missing.length > 0 ? [] : ["**/overload.test.ts", "**/soak.test.ts"];
/** Nearly all that the others do is wait for a GOST's period of one second, which a busy machine would stretch. */
const TOGETHER = 3;

const project = (
  name: string,
  test: NonNullable<TestProjectInlineConfiguration["test"]>,
): TestProjectInlineConfiguration => ({
  test: {
    name,
    dir: import.meta.dirname,
    // These are real programs in real time: what a stall of the machine broke has a second chance, and the result says `retry`.
    setupFiles: [`${import.meta.dirname}/harness/say-failures.ts`],
    retry: process.env["CI"] === "true" ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 30_000,
    ...test,
  },
});

export default defineConfig({
  test: {
    passWithNoTests: missing.length > 0,
    sequence: { sequencer: LongestFirst },
    projects: [
      project("together", {
        include: EVERY_TEST,
        exclude: ALONE,
        maxWorkers: TOGETHER,
        sequence: { groupOrder: 1 },
      }),
      project("alone", { include: ALONE, maxWorkers: 1, sequence: { groupOrder: 2 } }),
    ],
  },
});
