import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["test/interop/**", "test/bench/**", "node_modules/**"],
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: "100%", // Many wait most of their time; without it one core has nothing to do.
  },
});
