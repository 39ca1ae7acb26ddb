import { readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { stringify } from "yaml";
import { batchJson } from "../../src/model/otlp/json-writer.ts";
import { placed, pointsIn, record, shape, span } from "../../src/model/otlp/test-kit.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { SIGNALS, type Signal } from "../../src/model/signal.ts";
import { type Certificate, makeCertificate } from "./harness/certificates.ts";
import { gostcolCommand } from "./harness/gostcol.ts";
import { flatItems } from "./harness/otlp-items.ts";
import { peerPath } from "./harness/peers.ts";
import { freePorts } from "./harness/ports.ts";
import { startProcess } from "./harness/process.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const SEED = Number(process.env["GOSTCOL_OTLP_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const ITEMS = 300;

interface Way {
  /** The Collector's exporter that sends to gostcol, and what it is configured to besides its endpoint. */
  readonly there: Exporter;
  /** gostcol's exporter that sends back. */
  readonly back: Exporter;
}

interface Exporter {
  readonly type: "otlp_grpc" | "otlp_http";
  readonly config: object;
  /** How its connection is secured; by default not at all. */
  readonly by?: Security;
}

/** `token` is TLS with a bearer token, `mutual` has a certificate on either side. */
type Security = "tls" | "mutual" | "token";

const WAYS: readonly Way[] = [
  {
    there: { type: "otlp_grpc", config: { compression: "gzip" } },
    back: { type: "otlp_grpc", config: { compression: "gzip" } },
  },
  {
    there: { type: "otlp_grpc", config: { compression: "zstd" } },
    back: { type: "otlp_grpc", config: { compression: "none" } },
  },
  {
    there: { type: "otlp_http", config: { compression: "gzip" } },
    back: { type: "otlp_http", config: { compression: "gzip" } },
  },
  {
    there: { type: "otlp_http", config: { compression: "zstd" } },
    back: { type: "otlp_http", config: { compression: "zstd" } },
  },
  {
    there: { type: "otlp_http", config: { compression: "deflate", encoding: "json" } },
    back: { type: "otlp_http", config: { compression: "deflate", encoding: "json" } },
  },
  {
    there: { type: "otlp_http", config: { compression: "none", encoding: "json" } },
    back: { type: "otlp_http", config: { compression: "none" } },
  },
  {
    there: { type: "otlp_grpc", config: { compression: "gzip" }, by: "tls" },
    back: { type: "otlp_grpc", config: { compression: "gzip" }, by: "mutual" },
  },
  {
    there: { type: "otlp_http", config: { compression: "zstd" }, by: "mutual" },
    back: { type: "otlp_http", config: { compression: "gzip" }, by: "token" },
  },
  {
    there: { type: "otlp_grpc", config: { compression: "zstd" }, by: "mutual" },
    back: { type: "otlp_http", config: { compression: "zstd" }, by: "mutual" },
  },
  {
    there: { type: "otlp_http", config: { compression: "gzip" }, by: "tls" },
    back: { type: "otlp_grpc", config: { compression: "gzip" }, by: "token" },
  },
];

const nameOf = ({ type, config, by }: Exporter) => [type, ...Object.values(config), by ?? ""].join(" ").trim();
const TOKEN = "the-token-of-this-test";

test.each(WAYS.map((way) => ({ ...way, name: `${nameOf(way.there)} there, ${nameOf(way.back)} back` })))(
  "everything that the Collector sends through gostcol comes back to it as it was: $name",
  async ({ there, back }) => {
    const ports = await gostcolPorts();
    const certificate = await makeCertificate();
    const collector = await startCollector({ there, back, certificate }, ports);
    await startGostcol({ there, back, certificate }, collector.backPort, ports);
    for (const signal of SIGNALS) await collector.send(signal, randomRequest(signal));
    for (const signal of SIGNALS) {
      const sent = await collector.items(signal, "direct");
      expect(sent, `seed ${SEED}`).toHaveLength(ITEMS);
      await vi.waitFor(async () => expect(await collector.items(signal, "back")).toHaveLength(ITEMS), WAIT);
      expect(await collector.items(signal, "back"), `seed ${SEED}`).toEqual(sent);
    }
  },
);

const WAIT = { timeout: 15_000, interval: 100 };

/** An export request in JSON with random items. */
function randomRequest(signal: Signal): unknown {
  const table = new SeriesTable();
  const options = { numRuns: ITEMS, seed: SEED };
  switch (signal) {
    case "metrics":
      return batchJson("metrics", { rows: [], points: pointsIn(table, fc.sample(shape, options)) });
    case "traces":
      return batchJson("traces", { spans: fc.sample(span, options).map((each) => placed(table, each)) });
    case "logs":
      return batchJson("logs", { records: fc.sample(record, options).map((each) => placed(table, each)) });
    default:
      return signal satisfies never;
  }
}

interface GostcolPorts {
  readonly grpc: number;
  readonly http: number;
  readonly own: number;
}

async function gostcolPorts(): Promise<GostcolPorts> {
  const [grpc, http, own] = (await freePorts(3)) as [number, number, number];
  return { grpc, http, own };
}

interface Ends extends Way {
  /** Of both ends, and the CA that both trust. */
  readonly certificate: Certificate;
}

/** Where an exporter sends, and what it says of itself there. */
function exporterTo({ type, config, by }: Exporter, port: number, { certFile, keyFile }: Certificate, auth: string) {
  const own = by === "mutual" ? { cert_file: certFile, key_file: keyFile } : {};
  return {
    endpoint: type === "otlp_grpc" ? `localhost:${port}` : `${by === undefined ? "http" : "https"}://localhost:${port}`,
    tls: by === undefined ? { insecure: true } : { ca_file: certFile, ...own },
    ...config,
    ...(by === "token" && { auth: { authenticator: auth } }),
  };
}

/** What an exporter like this one is received by, on either protocol. */
function protocolsFor(
  { by }: Exporter,
  ports: { grpc: number; http: number },
  certificate: Certificate,
  auth?: string,
) {
  const { certFile: cert_file, keyFile: key_file } = certificate;
  const tls = { tls: { cert_file, key_file, ...(by === "mutual" && { client_ca_file: cert_file }) } };
  const secured = { ...(by !== undefined && tls), ...(by === "token" && auth && { auth: { authenticator: auth } }) };
  return {
    protocols: {
      grpc: { endpoint: `127.0.0.1:${ports.grpc}`, ...secured },
      http: { endpoint: `127.0.0.1:${ports.http}`, ...secured },
    },
  };
}

const listens = (port: number) => async (): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
    socket.on("connect", () => socket.destroy());
  });

const pipelines = (make: (signal: Signal) => object) => Object.fromEntries(SIGNALS.map((s) => [s, make(s)]));

/** A Collector that writes what it is sent into one file, sends it to gostcol, and writes what comes back into another. */
async function startCollector({ there, back, certificate }: Ends, gostcol: GostcolPorts) {
  const folder = await temporaryFolder("otelcol");
  const [inPort, backGrpc, backHttp] = (await freePorts(3)) as [number, number, number];
  const fileOf = (signal: Signal, name: string) => join(folder, `${signal}-${name}.json`);
  const files = SIGNALS.flatMap((signal) =>
    ["direct", "back"].map((name) => [`file/${signal}-${name}`, { path: fileOf(signal, name) }]),
  );
  const config = {
    receivers: {
      otlp: { protocols: { http: { endpoint: `127.0.0.1:${inPort}` } } },
      "otlp/back": protocolsFor(back, { grpc: backGrpc, http: backHttp }, certificate, "bearertokenauth"),
    },
    exporters: {
      ...Object.fromEntries(files),
      [there.type]: {
        ...exporterTo(there, there.type === "otlp_grpc" ? gostcol.grpc : gostcol.http, certificate, "bearertokenauth"),
        retry_on_failure: { initial_interval: "100ms" },
      },
    },
    extensions: { bearertokenauth: { token: TOKEN } },
    service: {
      extensions: ["bearertokenauth"],
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: {
        ...pipelines((signal) => ({ receivers: ["otlp"], exporters: [`file/${signal}-direct`, there.type] })),
        ...Object.fromEntries(
          SIGNALS.map((signal) => [`${signal}/back`, { receivers: ["otlp/back"], exporters: [`file/${signal}-back`] }]),
        ),
      },
    },
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  const url = (signal: Signal) => `http://127.0.0.1:${inPort}/v1/${signal}`;
  await startProcess(
    { name: "otelcol", program: peerPath("otelcol"), args: ["--config", join(folder, "config.json")], folder },
    async () => (await fetch(url("logs"))).status === 405,
  );
  return {
    backPort: (type: Exporter["type"]) => (type === "otlp_grpc" ? backGrpc : backHttp),
    async send(signal: Signal, request: unknown) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url(signal), { method: "POST", headers, body: JSON.stringify(request) });
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("{")]);
    },
    /** What a file holds, item by item. */
    async items(signal: Signal, name: "direct" | "back"): Promise<readonly string[]> {
      const text = await readFile(fileOf(signal, name), "utf8");
      return text
        .split("\n")
        .filter((line) => line !== "")
        .flatMap((line) => flatItems(signal, JSON.parse(line)))
        .toSorted();
    },
  };
}

async function startGostcol(
  { there, back, certificate }: Ends,
  backPort: (type: Exporter["type"]) => number,
  { grpc, http, own }: GostcolPorts,
): Promise<void> {
  const folder = await temporaryFolder("agent");
  const reader = { pull: { exporter: { prometheus: { host: "127.0.0.1", port: own } } } };
  const config = {
    receivers: { otlp: protocolsFor(there, { grpc, http }, certificate) },
    exporters: { [back.type]: exporterTo(back, backPort(back.type), certificate, "bearer_token_auth") },
    ...(back.by === "token" && { extensions: { bearer_token_auth: { token: TOKEN } } }),
    service: {
      extensions: back.by === "token" ? ["bearer_token_auth"] : [],
      telemetry: { metrics: { readers: [reader] } },
      pipelines: pipelines(() => ({ receivers: ["otlp"], exporters: [back.type] })),
    },
  };
  await writeFile(join(folder, "gostcol.yaml"), stringify(config));
  await startProcess(gostcolCommand(["run", "--config", "gostcol.yaml"], folder), listens(http));
}
