import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { createFlood, expectCounted, nodeName } from "./harness/flood.ts";
import { getText, gostcolCommand, startGostcol } from "./harness/gostcol.ts";
import { parseMetricsText } from "./harness/metrics-text.ts";
import { peerPath } from "./harness/peers.ts";
import { freePorts } from "./harness/ports.ts";
import { startProcess } from "./harness/process.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const SHAPE = { nodes: 4, emittersPerNode: 8, clients: 20 };
const PER_SECOND = 500;
const SECONDS = 4;
const WAYS = ["otlp_grpc", "otlp_http"] as const;
type Exporter = (typeof WAYS)[number];

test.each([
  { first: "otlp_grpc", second: "otlp_http" },
  { first: "otlp_http", second: "otlp_grpc" },
] as const)(
  "what GOSTs moved is the same to the byte behind gostcol, $first, the Collector, $second and another gostcol",
  async ({ first, second }) => {
    const last = await startLast();
    const middle = await startMiddle(second, last.endpoints);
    const tokens = Array.from({ length: SHAPE.nodes }, (_, index) => ({
      token: nodeName(index),
      node: nodeName(index),
    }));
    const agent = await startGostcol({
      receiver: { auth: { tokens }, temporality: "delta" },
      exporters: { [first]: to(first, middle) },
    });
    const flood = createFlood({ ...SHAPE, protocol: "http", port: agent.ports.receiver });
    const { taken } = await flood.run(PER_SECOND, sleep(SECONDS * 1000));
    expect(taken).toBeGreaterThan(PER_SECOND);
    const all = async (scrape: () => Promise<ReturnType<typeof parseMetricsText>>) =>
      vi.waitFor(async () => expectCounted(await scrape(), [flood], SHAPE), { timeout: 10_000, interval: 200 });
    await all(agent.scrape);
    await all(last.scrape);
  },
);

type Endpoints = Readonly<Record<Exporter, string>>;

const to = (type: Exporter, endpoints: Endpoints) => ({
  endpoint: endpoints[type],
  ...(type === "otlp_grpc" && { tls: { insecure: true } }),
});

const receiverAt = ({ otlp_grpc, otlp_http }: Endpoints) => ({
  otlp: { protocols: { grpc: { endpoint: otlp_grpc }, http: { endpoint: otlp_http.replace("http://", "") } } },
});

async function freeEndpoints(): Promise<Endpoints> {
  const [grpc, http] = await freePorts(2);
  return { otlp_grpc: `127.0.0.1:${grpc}`, otlp_http: `http://127.0.0.1:${http}` };
}

const isReady = (endpoints: Endpoints) => async () => (await fetch(`${endpoints.otlp_http}/v1/metrics`)).status === 405;

/** A Collector that hands on what it is sent. */
async function startMiddle(type: Exporter, next: Endpoints): Promise<Endpoints> {
  const folder = await temporaryFolder("middle");
  const endpoints = await freeEndpoints();
  const config = {
    receivers: receiverAt(endpoints),
    exporters: { [type]: to(type, next) },
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: { metrics: { receivers: ["otlp"], exporters: [type] } },
    },
  };
  await writeFile(join(folder, "config.yaml"), stringify(config));
  const args = ["--config", "config.yaml"];
  await startProcess({ name: "otelcol", program: peerPath("otelcol"), args, folder }, isReady(endpoints));
  return endpoints;
}

/** A gostcol that shows what comes as OTLP. */
async function startLast() {
  const folder = await temporaryFolder("last");
  const endpoints = await freeEndpoints();
  const [page, own] = await freePorts(2);
  const reader = { pull: { exporter: { prometheus: { host: "127.0.0.1", port: own } } } };
  const config = {
    receivers: receiverAt(endpoints),
    exporters: { prometheus: { endpoint: `127.0.0.1:${page}` } },
    service: {
      telemetry: { metrics: { readers: [reader] } },
      pipelines: { metrics: { receivers: ["otlp"], exporters: ["prometheus"] } },
    },
  };
  await writeFile(join(folder, "gostcol.yaml"), stringify(config));
  await startProcess(gostcolCommand(["run", "--config", "gostcol.yaml"], folder), isReady(endpoints));
  return { endpoints, scrape: async () => parseMetricsText(await getText(`http://127.0.0.1:${page}/metrics`)) };
}
