import { ListenError, type Server, type ServerLimits, type ServerOptions } from "../component/server.ts";
import type { TelemetryConfig } from "../config/telemetry.ts";
import { scrapeHandler } from "../kit/prometheus/scrape-handler.ts";
import { PAGE_TIMEOUTS } from "../kit/server/page-timeouts.ts";
import { deadline } from "../lib/abort.ts";
import type { Random } from "../lib/random.ts";
import type { Attributes } from "../model/attributes.ts";
import type { Meters } from "../pipeline/meters.ts";
import type { AgentEnvironment } from "./environment.ts";
import { announced, type Listener } from "./listener.ts";
import { OwnMetrics } from "./own-metrics.ts";

export interface OwnMetricsServerOptions {
  readonly environment: AgentEnvironment;
  readonly meters: Meters;
  /** Brings numbers up to date that nobody counts. */
  readonly refresh: () => void;
}

/** A scrape has no body, and few scrape. */
const LIMITS: ServerLimits = {
  bodyBytesMax: 64 * 1024,
  connectionsMax: 100,
  ...PAGE_TIMEOUTS,
};

const CLOSE_TIMEOUT_MS = 2_000;

/** Serves the agent's own metrics as configured. A port that is taken is a warning: totals matter more. */
export class OwnMetricsServers {
  readonly listeners: Listener[] = [];
  readonly #options: OwnMetricsServerOptions;
  /** The agent's own, however often its servers are replaced. */
  readonly #instanceId: string;
  #servers: Server[] = [];

  constructor(options: OwnMetricsServerOptions) {
    this.#options = options;
    this.#instanceId = uuid(options.environment.random);
  }

  /** Once for each `close`. */
  async open({ metrics, resource }: TelemetryConfig, signal: AbortSignal): Promise<void> {
    if (metrics.level === "none") return;
    const { environment, meters, refresh } = this.#options;
    const log = environment.log({ part: "own metrics" });
    const listen = announced(environment.listen, "agent", (listener) => this.listeners.push(listener));
    const own = new OwnMetrics(meters, ownResource(resource, environment.version, this.#instanceId), refresh);
    for (const { pull } of metrics.readers) {
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
        const options: ServerOptions = { host, port, protocols: ["http"], limits: LIMITS, receipts: false };
        this.#servers.push(await listen(options, handler, signal));
      } catch (error) {
        if (!(error instanceof ListenError)) throw error;
        log.warn(`the agent's own metrics are not served on ${host}:${port}: ${error.message}`);
      }
    }
  }

  /** For a reload, which waits no longer than for a scrape that is being answered. */
  async closeSoon(): Promise<void> {
    const limit = deadline(this.#options.environment.clock, CLOSE_TIMEOUT_MS, "closing the own metrics' server");
    await this.close(limit.signal);
    limit.cancel();
  }

  async close(deadline: AbortSignal): Promise<void> {
    const servers = this.#servers;
    this.#servers = [];
    this.listeners.length = 0;
    await Promise.all(servers.map((server) => server.close(deadline)));
  }
}

function ownResource(configured: Attributes, version: string, instanceId: string): Attributes {
  return { "service.name": "gostcol", "service.version": version, "service.instance.id": instanceId, ...configured };
}

function uuid(random: Random): string {
  const hex = random.hex(16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
