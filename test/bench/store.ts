import { startInProcessAgent } from "./agent-in-process.ts";
import { withStoreFolder } from "./agent-process.ts";
import type { BenchPart } from "./figure.ts";
import { medianMs } from "./in-process.ts";
import { makeReports, USUAL } from "./reports.ts";

/** So many reports wait for their answers at a time, as from so many services. */
const TOGETHER = 100;

/** The same reports, answered when they are on the disk, and when they are in memory. */
export const store: BenchPart = {
  name: "store",
  title: "GOST's JSON to totals on disk, against totals in memory",
  async run() {
    return withStoreFolder(async (storeFolder) => {
      const agents = { memory: await startInProcessAgent(), disk: await startInProcessAgent(storeFolder) };
      const bodies = makeReports(USUAL).map((text) => Buffer.from(text));
      let refused = 0;
      const send = (agent: keyof typeof agents) => async () => {
        for (let from = 0; from < bodies.length; from += TOGETHER) {
          const answers = await Promise.all(
            bodies.slice(from, from + TOGETHER).map((body) => agents[agent].report(body)),
          );
          for (const { status } of answers) if (status !== 200) refused++;
        }
      };
      const times = await medianMs(
        { memory: { run: send("memory") }, disk: { run: send("disk") } },
        { warmUpMs: 1500, measureMs: 4000 },
      );
      for (const agent of Object.values(agents)) await agent.stop();
      if (refused > 0) throw new Error(`${refused} reports were refused`);
      const eventsPerSecond = (ms: number) => (bodies.length * USUAL.clientsPerService * 1000) / ms;
      return [
        {
          name: "GOST JSON to totals in memory, 100 at a time",
          value: eventsPerSecond(times.memory),
          unit: "events/s",
        },
        { name: "GOST JSON to totals on disk, 100 at a time", value: eventsPerSecond(times.disk), unit: "events/s" },
        { name: "on disk / in memory", value: times.memory / times.disk, unit: "x", goal: { atLeast: 0.7 } },
      ];
    });
  },
};
