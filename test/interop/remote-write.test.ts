import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { Books, expectSettled } from "./harness/books.ts";
import { startEdge, TUNNEL_SERVICES } from "./harness/edge.ts";
import { BOB } from "./harness/gost-config.ts";
import { startGostcol } from "./harness/gostcol.ts";
import { startOrigin } from "./harness/origin.ts";
import { startPrometheus } from "./harness/prometheus.ts";
import { someBytes } from "./harness/scenario.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const WAIT = { timeout: 30_000, interval: 300 };

test("a real Prometheus takes both versions of remote write, through kills of itself and of gostcol, and knows every byte", {
  timeout: 120_000,
}, async () => {
  const prometheus = await startPrometheus({}, [
    "--web.enable-remote-write-receiver",
    // A counter's start becomes a sample of zero: so it shows that starts arrive.
    "--enable-feature=created-timestamp-zero-ingestion",
  ]);
  const exporter = (version: string, message: string) => ({
    endpoint: `${prometheus.url}/api/v1/write`,
    protobuf_message: message,
    external_labels: { version },
    without_scope_info: true,
    sending_queue: { storage: "file_storage", batch: { flush_timeout: "100ms" } },
    retry_on_failure: { initial_interval: "100ms", max_interval: "500ms" },
    circuit_breaker: { open_for: "200ms" },
  });
  const gostcol = await startGostcol({
    storeFolder: await temporaryFolder("store"),
    receiver: { temporality: "delta", resource: { "deployment.environment.name": "lab" } },
    exporters: {
      "prometheus_remote_write/v1": exporter("1", "prometheus.WriteRequest"),
      "prometheus_remote_write/v2": exporter("2", "io.prometheus.write.v2.Request"),
    },
  });
  const books = new Books();
  const edge = await startEdge({
    node: "edge-1",
    observer: { protocol: "http", addr: `http://127.0.0.1:${gostcol.ports.receiver}/observer?node=edge-1` },
    resetTraffic: true,
    origin: await startOrigin(),
    books,
  });
  const moveAll = async () => {
    for (const service of TUNNEL_SERVICES) {
      await edge.move(service, { upload: someBytes(), download: someBytes() });
      await edge.move(service, { upload: someBytes(), download: someBytes() }, BOB);
    }
    await expectSettled(gostcol, books);
  };
  const expectEqual = async () => {
    const moved: Record<string, number> = {};
    for (const [key, { input, output }] of Object.entries(books.accounts())) {
      const client = key.split(" ")[2];
      if (client === "alice" || client === "bob") moved[client] = (moved[client] ?? 0) + input + output;
    }
    expect(Object.keys(moved).toSorted()).toEqual(["alice", "bob"]);
    for (const version of ["1", "2"]) {
      const query = `sum by (gost_client_id) (gost_client_io_bytes_total{version="${version}"})`;
      const byClient = async () => {
        const result = await prometheus.query(query);
        return Object.fromEntries(result.map(({ metric, value }) => [metric["gost_client_id"], Number(value[1])]));
      };
      await expect.poll(byClient, WAIT).toEqual(moved);
    }
  };

  await moveAll();
  await expectEqual();
  for (let outage = 0; outage < 2; outage++) {
    await prometheus.end("SIGKILL");
    await moveAll();
    await gostcol.end("SIGKILL");
    await gostcol.start();
    await moveAll();
    await prometheus.start();
    await expectEqual();
  }
  // What had been sent may be sent again now.
  await moveAll();
  await gostcol.end("SIGKILL");
  await gostcol.start();
  await expectEqual();

  const joined = await prometheus.query(
    'count by (job, instance, version) (gost_client_io_bytes_total * on (job, instance, version) group_left target_info{deployment_environment_name="lab"})',
  );
  const nodes = joined
    .map(({ metric }) => metric)
    .toSorted((left, right) => (left["version"]! < right["version"]! ? -1 : 1));
  expect(nodes).toEqual(["1", "2"].map((version) => ({ job: "gost", instance: "edge-1", version })));

  const fromZero = await prometheus.query('min_over_time(gost_client_io_bytes_total{version="2"}[1h]) == 0');
  const all = await prometheus.query('gost_client_io_bytes_total{version="2"}');
  expect(fromZero.length).toBe(all.length);
});

test("a real Prometheus finds the totals of idle clients at any time", { timeout: 60_000 }, async () => {
  // As if its five minutes were as short as a test is.
  const prometheus = await startPrometheus({}, ["--web.enable-remote-write-receiver", "--query.lookback-delta=12s"]);
  const endpoint = `${prometheus.url}/api/v1/write`;
  const gostcol = await startGostcol({
    storeFolder: await temporaryFolder("store"),
    receiver: { temporality: "delta" },
    exporters: {
      "prometheus_remote_write/repeating": { endpoint, external_labels: { idle: "repeated" }, resend_interval: "10s" },
      "prometheus_remote_write/silent": { endpoint, external_labels: { idle: "silent" }, resend_interval: "0s" },
    },
  });
  const stats = { totalConns: 1, currentConns: 0, inputBytes: 235, outputBytes: 632, totalErrs: 0 };
  const event = { kind: "handler", service: "web", client: "alice", type: "stats", stats };
  await fetch(`http://127.0.0.1:${gostcol.ports.receiver}/observer?node=edge-1`, {
    method: "POST",
    body: JSON.stringify({ events: [event] }),
  });
  const found = async () => {
    const result = await prometheus.query("sum by (idle) (gost_client_io_bytes_total)");
    return Object.fromEntries(result.map(({ metric, value }) => [metric["idle"], Number(value[1])]));
  };
  await expect.poll(found, WAIT).toEqual({ repeated: 867, silent: 867 });
  await expect.poll(found, WAIT).toEqual({ repeated: 867 });
  await setTimeout(15_000);
  expect(await found()).toEqual({ repeated: 867 });
});
