import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { type ShowsAccounts, shownAccounts } from "./books.ts";
import { parseMetricsText, type Sample } from "./metrics-text.ts";
import { freePorts } from "./ports.ts";
import { type Command, launchProcess, type RunningProcess, startProcess } from "./process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const LOOPBACK = "127.0.0.1";
const ANSWER_TIMEOUT_MS = 5000;
const ROOT = join(import.meta.dirname, "../../..");

/** gostcol itself, as its user runs it: one configuration, one folder, one process at a time. */
export interface Gostcol extends ShowsAccounts {
  /** The present process, or the last one. */
  readonly process: RunningProcess;
  readonly ports: GostcolPorts;
  /** What `/metrics` shows now. */
  scrape(): Promise<Sample[]>;
  /** Writes its configuration anew, with these changes, for a reload or the next start. */
  configure(options: GostcolOptions): Promise<void>;
  /** Ends the process; `SIGKILL` leaves it no time to do anything. */
  end(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
  /** Starts the next process on the same configuration, and waits until `/metrics` answers. */
  start(): Promise<void>;
  /** The same, without waiting. */
  launch(): void;
}

export interface GostcolPorts {
  readonly receiver: number;
  readonly metrics: number;
  /** Its own numbers. */
  readonly own: number;
}

export interface GostcolOptions {
  /** Free ones by default. */
  readonly ports?: GostcolPorts;
  /** The receiver's settings besides its endpoint. */
  readonly receiver?: object;
  /** Where it keeps its state; without it in memory. */
  readonly storeFolder?: string;
  /** The settings of delta_to_cumulative. */
  readonly totals?: object;
  /** How large its store may grow. */
  readonly storeSizeMax?: string;
  /** The address that it listens on and is asked at; loopback by default. */
  readonly host?: string;
  /** How to run a command where the agent is to be; here by default. */
  readonly within?: (command: Command) => Command;
  /** The processors' settings, by id. */
  readonly processors?: Readonly<Record<string, object>>;
  /** The ids of those that stand behind delta_to_cumulative. */
  readonly behindTotals?: readonly string[];
  /** More exporters of the one pipeline, by id, with what they are configured to. */
  readonly exporters?: Readonly<Record<string, object>>;
}

/** Starts gostcol with one pipeline from GOST to `/metrics`; it is ready when `/metrics` answers. */
export async function startGostcol(options: GostcolOptions = {}): Promise<Gostcol> {
  const folder = await temporaryFolder("agent");
  const ports = options.ports ?? (await gostcolPorts());
  const { host = LOOPBACK, within = (command) => command } = options;
  const configure = (latest: GostcolOptions) =>
    writeFile(join(folder, "gostcol.yaml"), stringify(configOf({ ...options, ...latest, ports })));
  await configure(options);
  const scrape = async () => parseMetricsText(await getText(`http://${host}:${ports.metrics}/metrics`));
  const command = within(gostcolCommand(["run", "--config", "gostcol.yaml"], folder));
  const launch = () => launchProcess(command);
  const start = () => startProcess(command, async () => (await scrape()).length >= 0);
  let process = await start();
  return {
    get process() {
      return process;
    },
    ports,
    scrape,
    configure,
    accounts: async () => shownAccounts(await scrape()),
    async end(signal) {
      await process.end(signal);
    },
    async start() {
      process = await start();
    },
    launch() {
      process = launch();
    },
  };
}

function configOf(options: GostcolOptions & { readonly ports: GostcolPorts }): object {
  const { ports, storeFolder, storeSizeMax, host = LOOPBACK } = options;
  const exporters = { prometheus: { endpoint: `${host}:${ports.metrics}` }, ...options.exporters };
  const file_storage = storeFolder && { directory: storeFolder, ...(storeSizeMax && { max_size: storeSizeMax }) };
  return {
    receivers: { gost: { endpoint: `${host}:${ports.receiver}`, ...options.receiver } },
    processors: { dedupe: null, delta_to_cumulative: options.totals ?? null, ...options.processors },
    exporters,
    ...(file_storage && { extensions: { file_storage } }),
    service: {
      extensions: file_storage ? ["file_storage"] : [],
      telemetry: { metrics: { readers: [{ pull: { exporter: { prometheus: { host, port: ports.own } } } }] } },
      pipelines: {
        metrics: {
          receivers: ["gost"],
          processors: ["dedupe", "delta_to_cumulative", ...(options.behindTotals ?? [])],
          exporters: Object.keys(exporters),
        },
      },
    },
  };
}

export async function gostcolPorts(): Promise<GostcolPorts> {
  const [receiver, metrics, own] = (await freePorts(3)) as [number, number, number];
  return { receiver, metrics, own };
}

/** The built program, or the sources where GOSTCOL_FROM_SOURCE is set. */
export function gostcolCommand(args: readonly string[], folder: string): Command {
  const main = process.env["GOSTCOL_FROM_SOURCE"] ? "src/main.ts" : "dist/gostcol.js";
  return { name: "gostcol", program: process.execPath, args: [join(ROOT, main), ...args], folder };
}

export async function getText(url: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}`);
  return answer.text();
}
