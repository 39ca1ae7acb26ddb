import { type AgentProcess, REPORT_PATH, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import { type BenchPart, median } from "./figure.ts";
import { firstAnswer } from "./processes.ts";
import { makeReports, numbered } from "./reports.ts";

const RUNS = 5;
/** Five totals each. */
const CLIENTS = 20_000;
const MANY = { services: CLIENTS / 100, clientsPerService: 100, rounds: 1 };
/** A node may have no more than 100,000 series, and a client has seven. */
const NODES = 2;
const LOAD_MS = 300;
const CONNECTIONS = 4;

/** From the start of the process to its first answer, with many totals in a store that a kill left under load. */
export const restart: BenchPart = {
  name: "restart",
  title: "start after SIGKILL under load, with 100,000 totals",
  async run() {
    return withStoreFolder(async (storeFolder) => {
      const reports = makeReports(MANY);
      let sent = 0;
      const next = () => {
        const number = sent++;
        const path = REPORT_PATH.replace("edge-1", `edge-${number % NODES}`);
        return { path, body: numbered(reports[number % reports.length]!, number) };
      };
      const send = (agent: AgentProcess) => {
        const { path, body } = next();
        return firstAnswer(agent, path, body);
      };
      const killUnderLoad = async (agent: AgentProcess) => {
        const load = Array.from({ length: CONNECTIONS }, async () => {
          for (;;) {
            const { path, body } = next();
            await (await fetch(`http://127.0.0.1:${agent.port}${path}`, { method: "POST", body })).arrayBuffer();
          }
        });
        const ended = Promise.allSettled(load);
        await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
        await agent.kill();
        await ended;
      };
      const answered: number[] = [];
      const scraped: number[] = [];
      const first = await startAgentProcess({ storeFolder });
      for (let report = 0; report < reports.length; report++) await send(first);
      await killUnderLoad(first);
      for (let run = 0; run < RUNS; run++) {
        const startedAt = performance.now();
        const agent = await startAgentProcess({ storeFolder });
        await send(agent);
        answered.push(performance.now() - startedAt);
        await (await fetch(`http://127.0.0.1:${agent.metricsPort}/metrics`)).arrayBuffer();
        scraped.push(performance.now() - startedAt);
        await killUnderLoad(agent);
      }
      return [
        { name: "start, 100,000 totals, first answer", value: median(answered), unit: "ms", goal: { atMost: 1000 } },
        { name: "start, 100,000 totals, first scrape", value: median(scraped), unit: "ms" },
      ];
    });
  },
};
