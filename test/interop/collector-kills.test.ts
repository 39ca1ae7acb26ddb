import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { seededRandom } from "../../src/lib/random.ts";
import { Books, expectBalanced, expectSettled } from "./harness/books.ts";
import { startCollector } from "./harness/collector.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { PERIOD_MS } from "./harness/gost-config.ts";
import { startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { EVERY_REPORTING, nodeOf, tokensOf } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";
import { startTraffic } from "./harness/traffic.ts";
import { watchTotals } from "./harness/watch-totals.ts";

const LASTS_MS = 1000 * Number(process.env["GOSTCOL_COLLECTOR_KILLS_SECONDS"] ?? 60);
const SEED = Number(process.env["GOSTCOL_SOAK_SEED"] ?? Date.now() % 1_000_000);
const AGENT_UP_MS_MAX = 8000;
const COLLECTOR_UP_MS_MAX = 6000;
const COLLECTOR_DOWN_MS_MAX = 4000;
/** After many kills in a row a gRPC observer waits long before it tries again. */
const QUIET_MS = 130 * PERIOD_MS;

test(`a Collector that is killed again and again for ${LASTS_MS / 1000} s, and gostcol in between, gets everything, and no total falls (GOSTCOL_SOAK_SEED=${SEED})`, {
  timeout: LASTS_MS + 3 * QUIET_MS,
}, async () => {
  const collector = await startCollector();
  const sending = {
    sending_queue: { storage: "file_storage", queue_size: 100_000 },
    retry_on_failure: { initial_interval: "100ms", max_interval: "1s" },
    circuit_breaker: { open_for: "500ms" },
  };
  const gostcol = await startGostcol({
    receiver: { auth: { tokens: tokensOf(EVERY_REPORTING) } },
    storeFolder: await temporaryFolder("store"),
    exporters: {
      otlp_grpc: { endpoint: collector.endpoints.otlp_grpc, tls: { insecure: true }, ...sending },
      otlp_http: { endpoint: collector.endpoints.otlp_http, ...sending },
    },
  });
  const books = new Books();
  const origin = await startOrigin();
  const traffic = await Promise.all(
    EVERY_REPORTING.map(async (reporting, index) => {
      const node = nodeOf(reporting);
      const observer = { protocol: reporting.protocol, addr: `127.0.0.1:${gostcol.ports.receiver}`, token: node };
      const edge = await startEdge({ node, observer, resetTraffic: reporting.mode === "delta", origin, books });
      return startTraffic(edge, { ways: TUNNEL_SERVICES, random: seededRandom(SEED + 2 + index) });
    }),
  );
  const watch = watchTotals(gostcol);
  const endAt = Date.now() + LASTS_MS;

  async function killCollector(): Promise<number> {
    const random = seededRandom(SEED);
    let kills = 0;
    for (; Date.now() < endAt; kills++) {
      await sleep(random.integer(COLLECTOR_UP_MS_MAX));
      await collector.end("SIGKILL");
      await sleep(random.integer(COLLECTOR_DOWN_MS_MAX));
      await collector.start();
    }
    return kills;
  }

  /** At times while it starts, at times while it sends what had to wait. */
  async function killAgent(): Promise<number> {
    const random = seededRandom(SEED + 1);
    let kills = 0;
    for (; Date.now() < endAt; kills++) {
      await sleep(random.integer(AGENT_UP_MS_MAX));
      await gostcol.end("SIGKILL");
      gostcol.launch();
    }
    return kills;
  }

  const [collectorKills, agentKills] = await Promise.all([killCollector(), killAgent()]);
  for (const { stop } of traffic) await stop();
  await expectSettled(gostcol, books, QUIET_MS);
  expect(watch.falls).toEqual([]);

  const { otlp_grpc: grpc, otlp_http: http } = collector.collected;
  for (const file of [grpc, http]) {
    await expectBalanced(file, books, QUIET_MS);
    expect(file.falls).toEqual([]);
  }
  // Not the last values alone: each that one of them was told the other was told as well.
  expect([...grpc.told].filter((words) => !http.told.has(words))).toEqual([]);
  expect([...http.told].filter((words) => !grpc.told.has(words))).toEqual([]);
  // biome-ignore lint/suspicious/noConsole: the figures of the run are its result.
  console.info(
    `${collectorKills} kills of the Collector and ${agentKills} of gostcol: ${grpc.told.size} values of totals by each of ` +
      `gRPC and HTTP, ${grpc.repeats} and ${http.repeats} of them again; off by 0`,
  );
});
