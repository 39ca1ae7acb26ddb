import { ListenError, type Server, type ServerLimits } from "../component/server.ts";
import type { TelemetryConfig } from "../config/telemetry.ts";
import { scrapeHandler } from "../kit/prometheus/scrape-handler.ts";
import type { Random } from "../lib/random.ts";
import type { Attributes } from "../model/attributes.ts";
import type { Meters } from "../pipeline/meters.ts";
import type { AgentEnvironment } from "./environment.ts";
import { announced, type Listener } from "./listener.ts";
import { OwnMetrics } from "./own-metrics.ts";

export interface OwnMetricsServerOptions {
  readonly telemetry: TelemetryConfig;
  readonly environment: AgentEnvironment;
  readonly meters: Meters;
  /** Brings numbers up to date that nobody counts. */
  readonly refresh: () => void;
  readonly listening: (listener: Listener) => void;
  readonly signal: AbortSignal;
}

/** A scrape has no body, and few scrape. */
const LIMITS: ServerLimits = {
  bodyBytesMax: 64 * 1024,
  connectionsMax: 100,
  headerTimeoutMs: 10_000,
  bodyTimeoutMs: 10_000,
  idleTimeoutMs: 5 * 60_000,
};

/** Serves the agent's own metrics as configured. A port that is taken is a warning: totals matter more. */
export async function serveOwnMetrics(options: OwnMetricsServerOptions): Promise<readonly Server[]> {
  const { telemetry, environment, meters, refresh, signal } = options;
  if (telemetry.metrics.level === "none") return [];
  const log = environment.log({ part: "own metrics" });
  const listen = announced(environment.listen, "agent", options.listening);
  const own = new OwnMetrics(meters, ownResource(telemetry.resource, environment.version, environment.random), refresh);
  const servers: Server[] = [];
  for (const { pull } of telemetry.metrics.readers) {
    const { host, port, ...naming } = pull.exporter.prometheus;
    const handler = scrapeHandler({
      write: (format) =>
        own.write(format, {
          withoutTypeSuffix: naming.without_type_suffix,
          withoutUnits: naming.without_units,
          withoutScopeInfo: naming.without_scope_info,
        }),
      shared: false,
      openMetrics: !naming.without_type_suffix, // OpenMetrics insists on `_total`.
      title: "gostcol itself",
      failed: (error) => log.limited("scrape").error("the own metrics could not be written", { error }),
    });
    try {
      servers.push(await listen({ host, port, protocols: ["http"], limits: LIMITS, receipts: false }, handler, signal));
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      log.warn(`the agent's own metrics are not served on ${host}:${port}: ${error.message}`);
    }
  }
  return servers;
}

function ownResource(configured: Attributes, version: string, random: Random): Attributes {
  const hex = random.hex(16);
  const id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  return { "service.name": "gostcol", "service.version": version, "service.instance.id": id, ...configured };
}
