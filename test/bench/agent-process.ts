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

/** The whole agent as users run it, with the usual pipeline and ports of its own. */
export async function startAgentProcess(
  environment: NodeJS.ProcessEnv = {},
  program: string = PROGRAM,
): Promise<AgentProcess> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const folder = mkdtempSync(join(tmpdir(), "gostcol-bench-"));
  const file = join(folder, "gostcol.yaml");
  writeFileSync(file, usualConfig(port, metricsPort));
  const agent = startProcess([program, "run", "--config", file], port, environment);
  return {
    ...agent,
    metricsPort,
    async stop() {
      await agent.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Totals of what one port takes, shown at another. */
export function usualConfig(port: number, metricsPort: number): string {
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
service:
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
