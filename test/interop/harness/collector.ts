import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type CollectedFile, collectedFile } from "./collected-file.ts";
import { peerPath } from "./peers.ts";
import { freePorts } from "./ports.ts";
import { type RunningProcess, startProcess } from "./process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A real Collector that writes what it is sent into files, one for each way in. */
export interface Collector {
  readonly endpoints: Readonly<Record<Way, string>>;
  /** What came by each way. */
  readonly collected: Readonly<Record<Way, CollectedFile>>;
  /** Ends the process; `SIGKILL` leaves it no time to do anything. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts the next process on the same configuration and files. */
  start(): Promise<void>;
}

const WAYS = ["otlp_grpc", "otlp_http", "statsd"] as const;
type Way = (typeof WAYS)[number];

/** How long it adds up what StatsD's clients say before it writes the sums. */
const AGGREGATION_INTERVAL = "500ms";

/** Starts a Collector; it is ready when it takes OTLP over HTTP. */
export async function startCollector(): Promise<Collector> {
  const folder = await temporaryFolder("collector");
  const [grpc, http, statsd] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`) as [string, string, string];
  const fileOf = (way: Way) => join(folder, `${way}.json`);
  const receivers = {
    otlp_grpc: ["otlp/grpc", { protocols: { grpc: { endpoint: grpc } } }],
    otlp_http: ["otlp/http", { protocols: { http: { endpoint: http } } }],
    statsd: ["statsd", { endpoint: statsd, aggregation_interval: AGGREGATION_INTERVAL }],
  } as const satisfies Record<Way, readonly [string, object]>;
  const byWay = (make: (way: Way) => readonly [string, object]) => Object.fromEntries(WAYS.map(make));
  const config = {
    receivers: byWay((way) => receivers[way]),
    // Only where it rotates does the exporter write before it answers: else a kill takes what was answered.
    exporters: byWay((way) => [`file/${way}`, { path: fileOf(way), rotation: { max_megabytes: 10_000 } }]),
    service: {
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
      pipelines: byWay((way) => [`metrics/${way}`, { receivers: [receivers[way][0]], exporters: [`file/${way}`] }]),
    },
  };
  await writeFile(join(folder, "config.json"), JSON.stringify(config));
  let process: RunningProcess;

  async function start() {
    process = await startProcess(
      { name: "otelcol", program: peerPath("otelcol"), args: ["--config", "config.json"], folder },
      async () => (await fetch(`http://${http}/v1/metrics`)).status === 405,
    );
  }

  await start();
  return {
    endpoints: { otlp_grpc: grpc, otlp_http: `http://${http}`, statsd: `udp://${statsd}` },
    collected: Object.fromEntries(WAYS.map((way) => [way, collectedFile(fileOf(way))])) as Collector["collected"],
    start,
    async end(signal) {
      await process.end(signal);
    },
  };
}
