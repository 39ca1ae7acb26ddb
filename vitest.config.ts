import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/bench/**", "node_modules/**"],
    testTimeout: 60_000, // On a machine that has other work, and a busy disk.
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: "100%", // Many wait most of their time; without it one core has nothing to do.
  },
});
