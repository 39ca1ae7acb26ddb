import { REPORT_PATH, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import { firstAnswer, type Measured, residentMebibytes } from "./processes.ts";
import { makeReports } from "./reports.ts";

const SETTLE_MS = 4000;

/** What the agent keeps resident beside a GOST with ten clients that has nothing to report. */
export const memory: BenchPart = {
  name: "memory",
  title: "idle",
  async run() {
    const without = await idleMebibytes(await startAgentProcess());
    const stored = await withStoreFolder(async (storeFolder) =>
      idleMebibytes(await startAgentProcess({ storeFolder })),
    );
    return [
      { name: "idle, resident", value: without, unit: "MiB", goal: { atMost: 80 } },
      { name: "idle, with a store, resident", value: stored, unit: "MiB", goal: { atMost: 100 } },
    ];
  },
};

async function idleMebibytes(agent: Measured): Promise<number> {
  try {
    await firstAnswer(agent, REPORT_PATH, makeReports({ services: 1, clientsPerService: 10, rounds: 1 })[0]!);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    return residentMebibytes(agent.pid);
  } finally {
    await agent.stop();
  }
}
