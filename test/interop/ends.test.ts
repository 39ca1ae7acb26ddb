import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { Books, expectSettled, type ShowsAccounts, shownAccounts } from "./harness/books.ts";
import { startCollector } from "./harness/collector.ts";
import { type Edge, startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { ALICE, BOB, PERIOD_MS } from "./harness/gost-config.ts";
import { gostcolPorts, startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { type Prometheus, startPrometheus } from "./harness/prometheus.ts";
import { EVERY_REPORTING, nodeOf, someBytes, tokensOf } from "./harness/scenario.ts";
import { startStatsdServer } from "./harness/statsd-server.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

// Wherever it goes, it is the same: every service, every client, both directions, to the byte.
test("a Collector by gRPC and HTTP, StatsD, and Prometheus by scrape and remote write have the bytes that were moved", {
  timeout: 180_000,
}, async () => {
  const collector = await startCollector();
  const statsd = await startStatsdServer();
  const ports = await gostcolPorts();
  const prometheus = await startPrometheusScraping(ports.metrics);
  const gostcol = await startGostcol({
    ports,
    receiver: { auth: { tokens: tokensOf(EVERY_REPORTING) } },
    exporters: {
      otlp_grpc: { endpoint: collector.endpoints.otlp_grpc, tls: { insecure: true } },
      otlp_http: { endpoint: collector.endpoints.otlp_http },
      "statsd/collector": { endpoint: collector.endpoints.statsd },
      "statsd/plain": { endpoint: statsd.endpoint, format: "statsd" },
      prometheus_remote_write: { endpoint: `${prometheus.url}/api/v1/write`, external_labels: { by: "remote_write" } },
    },
  });
  const books = new Books();
  const origin = await startOrigin();
  const edges = await Promise.all(
    EVERY_REPORTING.map((reporting) => {
      const node = nodeOf(reporting);
      const observer = { protocol: reporting.protocol, addr: `127.0.0.1:${ports.receiver}`, token: node };
      return startEdge({ node, observer, resetTraffic: reporting.mode === "delta", origin, books });
    }),
  );
  for (let round = 0; round < 3; round++) await Promise.all(edges.map(useEverything));
  await expectSettled(gostcol, books, 20 * PERIOD_MS);

  const ends: Readonly<Record<string, ShowsAccounts>> = {
    ...collector.collected,
    statsd_server: statsd,
    scrape: cameBy(prometheus, "scrape"),
    remote_write: cameBy(prometheus, "remote_write"),
  };
  const everywhere = Object.fromEntries(Object.keys(ends).map((end) => [end, books.accounts()]));
  const shown = async () =>
    Object.fromEntries(await Promise.all(Object.entries(ends).map(async ([end, its]) => [end, await its.accounts()])));
  await vi.waitFor(async () => expect(await shown()).toEqual(everywhere), { timeout: 20_000, interval: 200 });
  await sleep(2 * PERIOD_MS); // Nothing comes twice.
  expect(await shown()).toEqual(everywhere);
  for (const { falls } of Object.values(collector.collected)) expect(falls).toEqual([]);
});

test("what StatsD missed while it was away it is told when it is back, though gostcol was killed meanwhile", async () => {
  const statsd = await startStatsdServer();
  const gostcol = await startGostcol({
    receiver: { temporality: "cumulative" },
    storeFolder: await temporaryFolder("store"),
    exporters: {
      statsd: {
        endpoint: statsd.endpoint,
        format: "statsd",
        sending_queue: { storage: "file_storage" },
        retry_on_failure: { initial_interval: "100ms", max_interval: "500ms" },
        circuit_breaker: { open_for: "500ms" },
      },
    },
  });
  const books = new Books();
  const edge = await startEdge({
    node: "edge-1",
    observer: { protocol: "http", addr: `http://127.0.0.1:${gostcol.ports.receiver}/observer?node=edge-1` },
    resetTraffic: false,
    origin: await startOrigin(),
    books,
  });
  await useEverything(edge);
  await expectSettled(statsd, books, 20 * PERIOD_MS);
  for (const killed of [false, true]) {
    await statsd.end();
    await useEverything(edge);
    await expectSettled(gostcol, books);
    if (killed) {
      await gostcol.end("SIGKILL");
      await gostcol.start();
      await useEverything(edge);
    }
    await statsd.start();
    await expectSettled(statsd, books, 20 * PERIOD_MS);
  }
});

/** Something on every service for both clients, a connection that is open for longer than a period, and a refused one. */
async function useEverything(edge: Edge): Promise<void> {
  const held = await edge.hold("socks", BOB);
  for (const service of TUNNEL_SERVICES) {
    for (const as of [ALICE, BOB]) await edge.move(service, { upload: someBytes(), download: someBytes() }, as);
    await held.move({ upload: someBytes(), download: someBytes(5_000_000) });
  }
  await edge.request({ upload: someBytes(), download: someBytes() }, BOB);
  await edge.failToLogIn();
  await sleep(PERIOD_MS);
  await held.move({ upload: someBytes(), download: someBytes() });
  await held.close();
}

function startPrometheusScraping(port: number): Promise<Prometheus> {
  const target = { targets: [`127.0.0.1:${port}`], labels: { by: "scrape" } };
  return startPrometheus(
    {
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: [{ job_name: "gostcol", honor_labels: true, static_configs: [target] }],
    },
    ["--web.enable-remote-write-receiver"],
  );
}

function cameBy(prometheus: Prometheus, by: "scrape" | "remote_write"): ShowsAccounts {
  return {
    async accounts() {
      const series = await prometheus.query(`{__name__=~"gost_(service|client)_.*", by="${by}"}`);
      return shownAccounts(
        series.map(({ metric: { __name__: name = "", ...labels }, value }) => ({
          name,
          labels,
          value: Number(value[1]),
        })),
      );
    },
  };
}
