import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import type { ShowsAccounts } from "./books.ts";
import { listen } from "./origin.ts";
import { freePorts } from "./ports.ts";
import { type RunningProcess, startProcess } from "./process.ts";
import { accountsOf, type Reading } from "./readings.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** The StatsD that all others are named after, with a Graphite behind it: what that was told is what is read. */
export interface StatsdServer extends ShowsAccounts {
  /** Where it takes lines over TCP. */
  readonly endpoint: string;
  /** Ends the process; what it added up since its last flush is lost. */
  end(): Promise<void>;
  /** Starts the next process at the same endpoint. */
  start(): Promise<void>;
}

const FLUSH_MS = 500;

/** It calls a function that Node no longer has. */
const LOG_FOR_IT = "data:text/javascript,import util from 'node:util'; util.log = console.log;";

export async function startStatsdServer(): Promise<StatsdServer> {
  const graphite = await startGraphite();
  const folder = await temporaryFolder("statsd");
  const [port, managementPort] = (await freePorts(2)) as [number, number];
  const config = {
    servers: [{ server: "./servers/tcp", address: "127.0.0.1", port }],
    mgmt_address: "127.0.0.1",
    mgmt_port: managementPort,
    flushInterval: FLUSH_MS,
    backends: ["./backends/graphite"],
    graphiteHost: "127.0.0.1",
    graphitePort: graphite.port,
    graphite: { legacyNamespace: false },
  };
  await writeFile(join(folder, "config.js"), JSON.stringify(config));
  const program = createRequire(import.meta.url).resolve("statsd/stats.js");
  const args = ["--import", LOG_FOR_IT, program, "config.js"];
  let running: RunningProcess;

  async function start() {
    const before = graphite.flushes();
    running = await startProcess(
      { name: "statsd", program: process.execPath, args, folder },
      async () => graphite.flushes() > before,
    );
  }

  await start();
  return {
    endpoint: `tcp://127.0.0.1:${port}`,
    start,
    end: async () => void (await running.end("SIGKILL")),
    accounts: async () => accountsOf(graphite.readings()),
  };
}

/** Takes Graphite's lines `stats.counters.NAME.count VALUE TIME` and `stats.gauges.NAME VALUE TIME`. */
async function startGraphite() {
  const readings = new Map<string, Reading>();
  let flushes = 0;

  function take(line: string): void {
    const [, counter, gauge, value] = /^stats\.(?:counters\.(.*)\.count|gauges\.(.*)) (\S+) \d+$/.exec(line) ?? [];
    const name = counter ?? gauge;
    const reading = name === undefined ? undefined : readingOf(name, Number(value));
    if (name === undefined || reading === undefined) return;
    const before = counter === undefined ? 0 : (readings.get(name)?.value ?? 0);
    readings.set(name, { ...reading, value: before + reading.value });
  }

  const server = createServer((socket) => {
    let text = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("end", () => {
      for (const line of text.split("\n")) take(line);
      flushes++;
    });
    socket.on("error", () => socket.destroy());
  });
  return { port: await listen(server), readings: () => readings.values(), flushes: () => flushes };
}

/** Names of plain StatsD have the values of attributes behind the metric's own name, in the order of their keys. */
function readingOf(name: string, value: number): Reading | undefined {
  const [, metric, values] =
    /^(gost\.(?:service|client)\.(?:connection\.handled|connection\.active|errors|io\.uncertain|io))\.(.*)$/.exec(
      name,
    ) ?? [];
  if (metric === undefined || values === undefined) return undefined;
  const [node, ...rest] = values.split(".") as [string, ...string[]];
  const client = metric.startsWith("gost.client.") ? { "gost.client.id": rest.shift()! } : {};
  const [service, direction] = rest as [string, string?];
  return {
    metric,
    attributes: {
      "service.instance.id": node,
      ...client,
      "gost.service.name": service,
      ...(direction !== undefined && { "network.io.direction": direction }),
    },
    value,
  };
}
