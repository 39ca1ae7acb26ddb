import { Agent, request } from "node:http";
import { REPORT_PATH, startAgentProcess, withStoreFolder } from "./agent-process.ts";
import { type BenchPart, quantile } from "./figure.ts";
import { firstAnswer, type Measured } from "./processes.ts";
import { startPromClient } from "./prom-client-process.ts";
import { makeReports, numbered, USUAL } from "./reports.ts";

const REPORTS_PER_SECOND = 1000;
const WARM_UP_SECONDS = 3;
const SECONDS = 8;
const CONNECTIONS = 20;

/** How long GOST waits for its answer, with 1,000 reports a second, whether or not the earlier ones are answered. */
export const latency: BenchPart = {
  name: "latency",
  title: "an answered report at 1,000 reports/s",
  async run() {
    const theirs = await waitsMs(await startPromClient());
    const ours = await waitsMs(await startAgentProcess());
    const stored = await withStoreFolder(async (storeFolder) => waitsMs(await startAgentProcess({ storeFolder })));
    return [
      { name: "answered report, p50", value: quantile(ours, 0.5), unit: "ms" },
      { name: "answered report, p99", value: quantile(ours, 0.99), unit: "ms", goal: { atMost: 2 } },
      { name: "answered report, with a store, p99", value: quantile(stored, 0.99), unit: "ms", goal: { atMost: 5 } },
      { name: "answered report, p99, prom-client", value: quantile(theirs, 0.99), unit: "ms" },
    ];
  },
};

async function waitsMs(server: Measured): Promise<number[]> {
  const bodies = makeReports(USUAL);
  try {
    await firstAnswer(server, REPORT_PATH, bodies[0]!);
    const warmUp = await pacedReports(server.port, bodies, { seconds: WARM_UP_SECONDS, firstNumber: 1 });
    return await pacedReports(server.port, bodies, { seconds: SECONDS, firstNumber: warmUp.length + 1 });
  } finally {
    await server.stop();
  }
}

/** How long each answer took. Reports go out on time, whether or not earlier ones are answered. */
function pacedReports(
  port: number,
  bodies: readonly string[],
  { seconds, firstNumber }: { readonly seconds: number; readonly firstNumber: number },
): Promise<number[]> {
  const connections = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const total = REPORTS_PER_SECOND * seconds;
  const waitsMs: number[] = [];
  let sent = 0;
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      const dueMs = performance.now() - startedAt;
      while (sent < total && (sent * 1000) / REPORTS_PER_SECOND <= dueMs) send();
      if (sent === total) clearInterval(timer);
    }, 1);

    function send(): void {
      const body = numbered(bodies[sent % bodies.length]!, firstNumber + sent++);
      const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
      const sentAt = performance.now();
      const call = request({ port, host: "127.0.0.1", method: "POST", path: REPORT_PATH, agent: connections, headers });
      call.on("error", reject);
      call.on("response", (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode !== 200) reject(new Error(`a report was answered with ${response.statusCode}`));
          waitsMs.push(performance.now() - sentAt);
          if (waitsMs.length < total) return;
          connections.destroy();
          resolve(waitsMs);
        });
      });
      call.end(body);
    }
  });
}
