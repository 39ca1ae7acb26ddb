import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { type FaultyBackend, faultyBackend } from "../support/faulty-backend.ts";
import { getText, gostcolCommand } from "./harness/gostcol.ts";
import { parseMetricsText, select } from "./harness/metrics-text.ts";
import { peerPath } from "./harness/peers.ts";
import { freePorts } from "./harness/ports.ts";
import { startProcess } from "./harness/process.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

// What the real Collector makes of gostcol's refusals: it keeps what is worth sending again, and nothing else. Its own
// exporter has no queue, so that its answer to us comes when it is through with what it was sent, one way or the other.

const TOKEN = "the-right-token";

test.each(["otlp_grpc", "otlp_http"] as const)(
  "what gostcol refuses for now the Collector sends again, what it refuses for good it does not, by %s",
  async (type) => {
    const backend = await faultyBackend("http");
    const ports = (await freePorts(5)) as unknown as Ports;
    const collector = await startCollector(type, ports);

    // Nobody there yet.
    const early = collector.send("logs", "early");
    await sleep(300);
    const { count } = await startGostcol(ports, backend);
    expect((await early).status, "sent again until somebody is there").toBe(200);
    await expect.poll(() => textsIn(backend)).toEqual(["early"]);

    // The queue holds one request, and the backend hangs.
    backend.fault = { http: () => {} };
    expect((await collector.send("logs", "first")).status).toBe(200);
    const second = collector.send("logs", "second");
    await expect.poll(() => count("rejected", { reason: "queue_full" })).toBeGreaterThan(1);
    backend.fault = undefined;
    expect((await second).status, "sent again until there is room").toBe(200);
    await expect.poll(() => textsIn(backend).toSorted()).toEqual(["early", "first", "second"]);

    // For good: the Collector gives up at once.
    expect((await collector.send("logs", "x".repeat(3_000_000))).ok, "too large").toBe(false);
    expect((await collector.send("metrics", "a metric")).ok, "a signal that no pipeline takes").toBe(false);
    expect(await count("rejected", { reason: "too_large" })).toBe(1);
    expect(await count("rejected", { reason: "no_pipeline" })).toBe(1);
    expect((await collector.send("logs", "stranger", "stranger")).ok, "a wrong token").toBe(false);
    expect(await count("requests", { outcome: "denied" })).toBe(1);
    expect((await collector.send("logs", "last")).status, "and goes on").toBe(200);
    await expect.poll(() => textsIn(backend)).toContain("last");
    expect(textsIn(backend)).toHaveLength(4);
  },
);

type Exporter = "otlp_grpc" | "otlp_http";
/** Of gostcol: gRPC, HTTP and its own numbers; of the Collector: the way in, and that of strangers. */
type Ports = readonly [grpc: number, http: number, own: number, collector: number, stranger: number];

async function startGostcol([grpc, http, own]: Ports, backend: FaultyBackend) {
  const folder = await temporaryFolder("agent");
  const reader = { pull: { exporter: { prometheus: { host: "127.0.0.1", port: own } } } };
  const auth = { authenticator: "bearer_token_auth" };
  const config = {
    extensions: { bearer_token_auth: { token: TOKEN } },
    receivers: {
      otlp: {
        protocols: {
          grpc: { endpoint: `127.0.0.1:${grpc}`, max_recv_msg_size_mib: 1, auth },
          http: { endpoint: `127.0.0.1:${http}`, max_request_body_size: "1MiB", auth },
        },
      },
    },
    exporters: {
      otlp_http: {
        endpoint: `http://127.0.0.1:${backend.port}`,
        compression: "none",
        timeout: "1s",
        sending_queue: { queue_size: 1 },
        retry_on_failure: { initial_interval: "100ms" },
      },
    },
    service: {
      extensions: ["bearer_token_auth"],
      telemetry: { metrics: { readers: [reader] } },
      pipelines: { logs: { receivers: ["otlp"], exporters: ["otlp_http"] } },
    },
  };
  await writeFile(join(folder, "gostcol.yaml"), stringify(config));
  const page = () => getText(`http://127.0.0.1:${own}/metrics`);
  await startProcess(gostcolCommand(["run", "--config", "gostcol.yaml"], folder), async () => (await page()) !== "");
  return {
    /** What one of the receiver's counters stands at. */
    async count(name: string, labels: Readonly<Record<string, string>>): Promise<number> {
      const samples = select(parseMetricsText(await page()), `gostcol_receiver_otlp_${name}_total`, labels);
      return samples.reduce((sum, { value }) => sum + value, 0);
    },
  };
}

async function startCollector(type: Exporter, [grpc, http, , known, stranger]: Ports) {
  const folder = await temporaryFolder("otelcol");
  const endpoint = type === "otlp_grpc" ? `127.0.0.1:${grpc}` : `http://127.0.0.1:${http}`;
  const exporter = (token: string) => ({
    endpoint,
    tls: { insecure: true },
    headers: { authorization: `Bearer ${token}` },
    sending_queue: { enabled: false },
    retry_on_failure: { initial_interval: "100ms", max_interval: "200ms" },
  });
  const receiver = (port: number) => ({ protocols: { http: { endpoint: `127.0.0.1:${port}` } } });
  const config = {
    receivers: { otlp: receiver(known), "otlp/stranger": receiver(stranger) },
    exporters: { [type]: exporter(TOKEN), [`${type}/stranger`]: exporter("a-wrong-token") },
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: {
        logs: { receivers: ["otlp"], exporters: [type] },
        metrics: { receivers: ["otlp"], exporters: [type] },
        "logs/stranger": { receivers: ["otlp/stranger"], exporters: [`${type}/stranger`] },
      },
    },
  };
  await writeFile(join(folder, "config.yaml"), stringify(config));
  const url = (signal: string, port: number) => `http://127.0.0.1:${port}/v1/${signal}`;
  await startProcess(
    { name: "otelcol", program: peerPath("otelcol"), args: ["--config", "config.yaml"], folder },
    async () => (await fetch(url("logs", known))).status === 405,
  );
  return {
    send: (signal: "logs" | "metrics", text: string, as: "known" | "stranger" = "known") =>
      fetch(url(signal, as === "known" ? known : stranger), {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(signal === "logs" ? logs(text) : metrics(text)),
        signal: AbortSignal.timeout(15_000),
      }),
  };
}

const logs = (stringValue: string) => ({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: "1", body: { stringValue } }] }] }],
});
const metrics = (name: string) => ({
  resourceMetrics: [
    { scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints: [{ timeUnixNano: "1", asDouble: 1 }] } }] }] },
  ],
});

/** Which of the texts that were sent have come: each is in its request as it was. */
function textsIn({ taken }: FaultyBackend): string[] {
  return taken.flatMap((body) =>
    ["early", "first", "second", "last", "stranger"].filter((text) => body.includes(text)),
  );
}
