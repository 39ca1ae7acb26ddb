import { defineConfig } from "vitest/config";
import { howToGet, missingPeers } from "./harness/peers.ts";

const missing = missingPeers();
if (missing.length > 0) {
  const message = `The interop tests did not run: ${howToGet(missing)}.`;
  if (process.env["CI"] === "true") throw new Error(message);
  process.stderr.write(`${message}\n`);
}

export default defineConfig({
  test: {
    dir: import.meta.dirname,
    include: missing.length > 0 ? [] : ["**/*.test.ts"],
    passWithNoTests: missing.length > 0,
    // One after another: every test runs a GOST with a period of one second, and a busy machine would stretch it.
    fileParallelism: false,
    // These are real programs in real time: what a stall of the machine broke has a second chance, and the result says `retry`.
    retry: process.env["CI"] === "true" ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 30_000,
  },
});
