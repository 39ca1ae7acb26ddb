import type { Deps } from "../../src/component/component.ts";
import type { ExporterDefinition } from "../../src/component/define.ts";
import type { Consumer, Delivery } from "../../src/component/delivery.ts";
import type { Log } from "../../src/component/log.ts";
import { noTransport } from "../../src/kit/client/transport.ts";
import { createFakeNetwork, type FakeNetwork } from "../../src/kit/server/fake-server.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import type { Attributes } from "../../src/model/attributes.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import type { Batches, Signal } from "../../src/model/signal.ts";
import { Meters } from "../../src/pipeline/meters.ts";

/** One started exporter in a world of its own. */
export interface ExporterRig {
  readonly clock: VirtualClock;
  readonly table: SeriesTable;
  readonly network: FakeNetwork;
  /** `level message`, oldest first; limited lines are all here. */
  readonly logged: string[];
  readonly printed: string[];
  /** What one of its own counters or gauges stands at. */
  total(name: string, attributes?: Attributes): number;
  /** A delivery that is committed at once. */
  send<S extends Signal>(signal: S, batch: Batches[S]): void;
  /** A delivery that is committed when the returned function is called. */
  stage<S extends Signal>(signal: S, batch: Batches[S]): () => void;
  /** Tells it that everything stored has been handed on. */
  restored(): void;
  stop(): Promise<void>;
}

export async function exporterRig(
  definition: ExporterDefinition,
  config: unknown = {},
  changes: Partial<Deps> = {},
): Promise<ExporterRig> {
  const clock = virtualClock();
  const table = new SeriesTable();
  const network = createFakeNetwork();
  const meters = new Meters();
  const logged: string[] = [];
  const printed: string[] = [];
  const deps: Deps = {
    id: { type: definition.type, name: "" },
    clock,
    hostName: "test-host",
    random: seededRandom(1),
    log: logInto(logged),
    meter: meters.meter({}),
    store: {
      durable: false,
      scope: () => {
        throw new Error("no store here");
      },
      page: () => Promise.reject(new Error("no store here")),
      find: () => Promise.reject(new Error("no store here")),
      count: () => Promise.reject(new Error("no store here")),
    },
    series: table,
    deliver: () => {
      throw new Error("no deliveries here");
    },
    crowded: () => undefined,
    transport: noTransport,
    listen: network.listen,
    print: (text) => printed.push(text) > 0,
    report: () => {},
    agentHealth: async () => ({ phase: "running", components: [] }),
    extension: () => {
      throw new Error("no extensions here");
    },
    ...changes,
  };
  const exporter = definition.create(definition.config.parse(config), deps, {});
  await exporter.start?.(NEVER);

  function stage<S extends Signal>(signal: S, batch: Batches[S]): () => void {
    const effects: (() => void)[] = [];
    const consumer = exporter[signal] as Consumer<S> | undefined;
    if (consumer === undefined) throw new Error(`${definition.type} takes no ${signal}`);
    consumer.consume(
      batch,
      delivery(clock, (effect) => effects.push(effect)),
    );
    return () => {
      for (const effect of effects) effect();
    };
  }

  return {
    clock,
    table,
    network,
    logged,
    printed,
    total: (name, attributes) => meters.total(name, attributes),
    send: (signal, batch) => stage(signal, batch)(),
    stage,
    restored: () => exporter.restored?.(),
    stop: async () => exporter.stop?.(NEVER),
  };
}

function delivery(clock: VirtualClock, onCommitted: Delivery["onCommitted"]): Delivery {
  return {
    id: "test-1",
    receivedAt: clock.now(),
    peer: { address: "test", transport: "internal" },
    signal: NEVER,
    transaction: { change: () => {}, put: () => {}, delete: () => {}, onRolledBack: () => {} },
    onCommitted,
  };
}

function logInto(lines: string[]): Log {
  const line = (level: string) => (message: string) => {
    lines.push(`${level} ${message}`);
  };
  const log: Log = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    limited: () => log,
  };
  return log;
}
