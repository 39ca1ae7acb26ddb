import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type Measured, startProcess } from "./processes.ts";

const ROOT = join(import.meta.dirname, "../..");

/** What is measured: the built program where there is one. */
export const PROGRAM = [join(ROOT, "dist/gostcol.js"), join(ROOT, "src/main.ts")].find((path) => existsSync(path))!;

/** Where a simulated GOST sends its reports. */
export const REPORT_PATH = "/observer?node=edge-1&temporality=delta";

export interface AgentProcess extends Measured {
  readonly metricsPort: number;
}

export interface AgentProcessOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly program?: string;
  /** Where it keeps its state; without it in memory. */
  readonly storeFolder?: string | undefined;
}

/** The whole agent as users run it, with the usual pipeline and ports of its own. */
export async function startAgentProcess(options: AgentProcessOptions = {}): Promise<AgentProcess> {
  const { environment, program = PROGRAM, storeFolder } = options;
  const [port, metricsPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), "gostcol-bench-"));
  const file = join(folder, "gostcol.yaml");
  writeFileSync(file, usualConfig({ port, metricsPort, storeFolder }));
  const agent = startProcess([program, "run", "--config", file], port, environment);
  const ended = (end: () => Promise<void>) => async () => {
    await end();
    rmSync(folder, { recursive: true });
  };
  return { ...agent, metricsPort, stop: ended(agent.stop), kill: ended(agent.kill) };
}

/** A folder for a store that is there while `work` runs. */
export async function withStoreFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "gostcol-bench-store-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export interface UsualConfigOptions {
  readonly port: number;
  readonly metricsPort: number;
  readonly storeFolder?: string | undefined;
}

/** Totals of what one port takes, shown at another. */
export function usualConfig({ port, metricsPort, storeFolder }: UsualConfigOptions): string {
  return `
receivers:
  gost:
    endpoint: 127.0.0.1:${port}
processors:
  dedupe:
  delta_to_cumulative:
exporters:
  prometheus:
    endpoint: 127.0.0.1:${metricsPort}
    without_scope_info: true
extensions:
  file_storage:
    directory: ${JSON.stringify(storeFolder ?? "unused")}
service:
  extensions: [${storeFolder === undefined ? "" : "file_storage"}]
  pipelines:
    metrics:
      receivers: [gost]
      processors: [dedupe, delta_to_cumulative]
      exporters: [prometheus]
  telemetry:
    metrics:
      level: none
`;
}
