import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { type ShowsAccounts, shownAccounts } from "./books.ts";
import { parseMetricsText, type Sample } from "./metrics-text.ts";
import { freePorts } from "./ports.ts";
import { type Command, type RunningProcess, startProcess } from "./process.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const ROOT = join(import.meta.dirname, "../../..");

/** gostcol itself, as its user runs it. */
export interface Gostcol extends ShowsAccounts {
  readonly process: RunningProcess;
  readonly ports: GostcolPorts;
  /** What `/metrics` shows now. */
  scrape(): Promise<Sample[]>;
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
  /** More exporters of the one pipeline, by id, with what they are configured to. */
  readonly exporters?: Readonly<Record<string, object>>;
}

/** Starts gostcol with one pipeline from GOST to `/metrics`; it is ready when `/metrics` answers. */
export async function startGostcol(options: GostcolOptions = {}): Promise<Gostcol> {
  const folder = await temporaryFolder("agent");
  const ports = options.ports ?? (await gostcolPorts());
  const { storeFolder } = options;
  const exporters = { prometheus: { endpoint: `127.0.0.1:${ports.metrics}` }, ...options.exporters };
  const config = {
    receivers: { gost: { endpoint: `127.0.0.1:${ports.receiver}`, ...options.receiver } },
    processors: { dedupe: null, delta_to_cumulative: null },
    exporters,
    ...(storeFolder === undefined ? {} : { extensions: { file_storage: { directory: storeFolder } } }),
    service: {
      extensions: storeFolder === undefined ? [] : ["file_storage"],
      telemetry: {
        metrics: { readers: [{ pull: { exporter: { prometheus: { host: "127.0.0.1", port: ports.own } } } }] },
      },
      pipelines: {
        metrics: {
          receivers: ["gost"],
          processors: ["dedupe", "delta_to_cumulative"],
          exporters: Object.keys(exporters),
        },
      },
    },
  };
  await writeFile(join(folder, "gostcol.yaml"), stringify(config));
  const scrape = async () => parseMetricsText(await getText(`http://127.0.0.1:${ports.metrics}/metrics`));
  const process = await startProcess(gostcolCommand(["run", "--config", "gostcol.yaml"], folder), async () => {
    await scrape();
    return true;
  });
  return {
    process,
    ports,
    scrape,
    accounts: async () => shownAccounts(await scrape()),
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
  const answer = await fetch(url, { headers });
  if (!answer.ok) throw new Error(`${url} was answered with ${answer.status}`);
  return answer.text();
}
