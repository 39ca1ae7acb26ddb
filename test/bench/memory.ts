import { REPORT_PATH, startAgentProcess } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import { firstAnswer, residentMebibytes } from "./processes.ts";
import { makeReports } from "./reports.ts";

const SETTLE_MS = 4000;

/** What the agent keeps resident beside a GOST with ten clients that has nothing to report. */
export const memory: BenchPart = {
  name: "memory",
  title: "idle",
  async run() {
    const agent = await startAgentProcess();
    try {
      await firstAnswer(agent, REPORT_PATH, makeReports({ services: 1, clientsPerService: 10, rounds: 1 })[0]!);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return [{ name: "idle, resident", value: residentMebibytes(agent.pid), unit: "MiB", goal: { atMost: 80 } }];
    } finally {
      await agent.stop();
    }
  },
};
