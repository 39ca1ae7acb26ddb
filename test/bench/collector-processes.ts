import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peerPath } from "../interop/harness/peers.ts";
import { PROGRAM } from "./agent-process.ts";
import { freePort, type Measured, startProgram } from "./processes.ts";

export type Agent = "gostcol" | "Collector";

export interface ChainProcess extends Measured {
  readonly metricsPort: number;
}

/** One of both on the configuration that both have, ready to take what comes. */
export async function startChain(agent: Agent, sinkPort: number): Promise<ChainProcess> {
  const folder = mkdtempSync(join(tmpdir(), "gostcol-bench-"));
  const file = join(folder, "chain.yaml");
  const [port, metricsPort] = [await freePort(), await freePort()];
  writeFileSync(file, chainConfig({ port, metricsPort, sinkPort }));
  const [program, argv] =
    agent === "Collector"
      ? [peerPath("otelcol"), ["--config", file]]
      : [process.execPath, [PROGRAM, "run", "--config", file]];
  const started = startProgram(program, argv, port);
  await answers(started, metricsPort);
  return {
    ...started,
    metricsPort,
    async stop() {
      await started.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

interface ChainPorts {
  readonly port: number;
  readonly metricsPort: number;
  readonly sinkPort: number;
}

/** From deltas over OTLP to totals, shown and sent on. Nothing is refused: who is too slow makes its sender wait. */
function chainConfig({ port, metricsPort, sinkPort }: ChainPorts): string {
  return `
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 127.0.0.1:${port}
processors:
  delta_to_cumulative:
exporters:
  prometheus:
    endpoint: 127.0.0.1:${metricsPort}
  otlp_grpc:
    endpoint: 127.0.0.1:${sinkPort}
    compression: gzip
    timeout: 60s
    tls:
      insecure: true
    sending_queue:
      queue_size: 50
      block_on_overflow: true
service:
  pipelines:
    metrics:
      receivers: [otlp]
      processors: [delta_to_cumulative]
      exporters: [prometheus, otlp_grpc]
  telemetry:
    metrics:
      level: none
`;
}

async function answers({ stderr }: Measured, port: number): Promise<void> {
  const giveUpAt = performance.now() + 10_000;
  for (;;) {
    try {
      await (await fetch(`http://127.0.0.1:${port}/metrics`)).bytes();
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw new Error(`no answer on port ${port}\n${stderr()}`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
