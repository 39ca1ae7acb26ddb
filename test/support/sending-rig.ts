import type { Deps } from "../../src/component/component.ts";
import type { ExporterDefinition } from "../../src/component/define.ts";
import type { Consumer, Outcome } from "../../src/component/delivery.ts";
import type { Transport } from "../../src/component/transport.ts";
import { memoryStore } from "../../src/kit/memory-store.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import type { MetricsBatch } from "../../src/model/points.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import type { Signal } from "../../src/model/signal.ts";
import { Deliveries } from "../../src/pipeline/deliveries.ts";
import { Meters } from "../../src/pipeline/meters.ts";
import { componentStore } from "../../src/service/component-store.ts";
import { logging } from "../../src/service/logging.ts";
import { silentLog } from "./silent-log.ts";

/** One exporter that sends, started, over a network and a store that outlive it. */
export interface SendingRig {
  readonly clock: VirtualClock;
  readonly table: SeriesTable;
  /** The lines that an operator sees, without their times. */
  readonly printed: string[];
  total(name: string, attributes?: Record<string, string>): number;
  deliver(batch: MetricsBatch): Outcome | Promise<Outcome>;
  stop(deadline?: AbortSignal): Promise<void>;
  /** Kills it, and starts another one on the same store. */
  restart(): Promise<SendingRig>;
}

export async function sendingRig(
  definition: ExporterDefinition,
  config: unknown,
  transport: Transport,
  backend = memoryStore(),
): Promise<SendingRig> {
  const clock = virtualClock();
  const meters = new Meters();
  const table = new SeriesTable();
  const printed: string[] = [];
  const write = (line: string) => printed.push(line.trimEnd().replace(/^\S+ /, ""));
  const log = logging({ level: "debug", encoding: "console", clock, write })({ kind: "exporter", id: definition.type });
  const deliveries = new Deliveries({ backend, clock, log: silentLog, meter: meters.meter({}) });
  const deps: Deps = {
    id: { type: definition.type, name: "" },
    clock,
    hostName: "test-host",
    random: seededRandom(1),
    log,
    meter: meters.meter({}),
    store: componentStore(backend, `exporter:${definition.type}`),
    series: table,
    deliver: deliveries.deliverer([], meters.meter({})),
    crowded: () => undefined,
    listen: () => Promise.reject(new Error("no network here")),
    transport,
    print: () => true,
    report: () => {},
    agentHealth: async () => ({ phase: "running", components: [] }),
    extension: <T>() => backend as T,
  };
  const exporter = definition.create(definition.config.parse(config), deps, {});
  await exporter.load?.(NEVER);
  await exporter.start?.(NEVER);
  const consumer = exporter.metrics as Consumer<"metrics">;
  const deliver = deliveries.deliverer([consumer as unknown as Consumer<Signal>], meters.meter({}));
  return {
    clock,
    table,
    printed,
    total: (name, attributes) => meters.total(name, attributes),
    deliver: (batch) =>
      deliver(
        { peer: { address: "test", transport: "internal" }, upperBound: { items: 0, bytes: 0 }, signal: NEVER },
        (delivery) => consumer.consume(batch, delivery),
      ),
    stop: async (deadline = NEVER) => exporter.stop?.(deadline),
    restart: () => sendingRig(definition, config, transport, backend),
  };
}
