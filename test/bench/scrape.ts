import { startInProcessAgent } from "./agent-in-process.ts";
import type { BenchPart } from "./figure.ts";
import { medianMs } from "./in-process.ts";
import { promClientRegistry } from "./prom-client-registry.ts";
import { makeReports } from "./reports.ts";

const SERIES = 100_000;
/** What GOST says of a client, and by how much either direction of its bytes is uncertain. */
const SERIES_PER_CLIENT = 7;
/** Two rounds of reports, so that there is always another value. */
const MANY = { services: Math.ceil(SERIES / SERIES_PER_CLIENT / 10), clientsPerService: 10, rounds: 2 };
/** A node may have no more than 100,000 series. */
const NODES = 2;

/** The text of a scrape of 100,000 series of which every one has changed since the last scrape, ours and prom-client's. */
export const scrape: BenchPart = {
  name: "scrape",
  title: "/metrics of 100,000 series, against prom-client",
  async run() {
    const agent = await startInProcessAgent();
    const reports = makeReports(MANY).map((text) => Buffer.from(text));
    let sent = 0;
    const reportAll = async () => {
      for (let service = 0; service < MANY.services; service++, sent++) {
        await agent.report(reports[sent % reports.length]!, `edge-${service % NODES}`);
      }
    };
    await reportAll();
    const series = String((await agent.scrape()).body).match(/^gost_client_/gm)?.length;
    const theirs = promClientRegistry(SERIES);
    const times = await medianMs(
      { ours: { run: () => agent.scrape(), beforeEach: reportAll }, theirs: { run: () => theirs.metrics() } },
      { warmUpMs: 1000, measureMs: 1500 },
    );
    await agent.stop();
    return [
      { name: "series in our scrape", value: series ?? 0, unit: "", goal: { atLeast: SERIES } },
      { name: "our scrape", value: times.ours, unit: "ms" },
      { name: "prom-client's scrape", value: times.theirs, unit: "ms" },
      { name: "our scrape / prom-client's", value: times.ours / times.theirs, unit: "x", goal: { atMost: 0.1 } },
    ];
  },
};
