import { STORE } from "../../src/component/capabilities.ts";
import type { Capability, Component, ConnectorNext, Deps } from "../../src/component/component.ts";
import type { AnyDefinition } from "../../src/component/define.ts";
import type { Consumer, Delivery, Next, Outcome } from "../../src/component/delivery.ts";
import type { StoreBackend } from "../../src/component/store.ts";
import { memoryStore } from "../../src/kit/memory-store.ts";
import { createFakeNetwork, type FakeNetwork } from "../../src/kit/server/fake-server.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import type { Attributes } from "../../src/model/attributes.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { type Batches, SIGNALS, type Signal } from "../../src/model/signal.ts";
import { Deliveries } from "../../src/pipeline/deliveries.ts";
import { Meters } from "../../src/pipeline/meters.ts";
import { componentStore } from "../../src/service/component-store.ts";
import { type FakeTransport, fakeTransport } from "../support/fake-transport.ts";
import { silentLog } from "../support/silent-log.ts";

/** One component in a world that sees everything that it does to it. */
export interface ComponentRig {
  readonly instance: Component & Next;
  readonly clock: VirtualClock;
  readonly network: FakeNetwork;
  readonly series: SeriesTable;
  readonly deps: Deps;
  /** What it printed, and what it handed on in deliveries that were taken. */
  readonly printed: string[];
  readonly handedOn: Batches[Signal][];
  /** How often it read the store. */
  readonly loads: () => number;
  /** What one of its own counters or gauges stands at. */
  total(name: string, attributes?: Attributes): number;
  /** What its `next` does with a batch before it takes it; throws a `Refusal` where it refuses. */
  nextDoes: () => void;
  /**
   * Hands it a batch as one delivery, that nobody waits for any more when `abort` aborts; `after` runs within the delivery
   * once it has consumed.
   */
  consume(signal: Signal, batch: Batches[Signal], after?: () => void, abort?: AbortSignal): Outcome | Promise<Outcome>;
  /** What it must not leave behind. */
  leftovers(): Leftovers;
}

export interface Leftovers {
  readonly timers: number;
  readonly servers: number;
  /** Clients that were used and not closed, and calls of theirs that wait. */
  readonly clients: number;
  readonly calls: number;
}

/** What outlives the component. */
export interface Surroundings {
  readonly backend?: StoreBackend;
  readonly transport?: FakeTransport;
}

export function componentRig(
  definition: AnyDefinition,
  config: unknown,
  { backend = memoryStore(), transport = fakeTransport() }: Surroundings = {},
): ComponentRig {
  const clock = virtualClock();
  const network = createFakeNetwork();
  const series = new SeriesTable();
  const meters = new Meters();
  const printed: string[] = [];
  const handedOn: Batches[Signal][] = [];
  let loads = 0;
  const deliveries = new Deliveries({ backend, clock, log: silentLog, meter: meters.meter({}) });
  const consumer: Consumer<Signal> = {
    consume(batch: Batches[Signal], delivery: Delivery) {
      rig.nextDoes();
      delivery.onCommitted(() => handedOn.push(batch));
    },
  };
  const next = Object.fromEntries(SIGNALS.map((signal) => [signal, consumer])) as Required<Next>;
  const counting = {
    ...backend,
    load: ((scope, signal) => {
      loads++;
      return backend.load(scope, signal);
    }) as typeof backend.load,
  };
  const store = componentStore(counting, `${definition.kind}:${definition.type}`);
  let making = true;
  const deps: Deps = {
    id: { type: definition.type, name: "" },
    clock,
    random: seededRandom(1),
    hostName: "test-host",
    log: silentLog,
    meter: meters.meter({ [definition.kind]: definition.type }),
    store: {
      durable: store.durable,
      page: store.page,
      find: store.find,
      count: store.count,
      // As the graph has it: a reload must know who keeps state before it starts anything.
      scope(codec, name) {
        if (!making) throw new Error("a scope of the store was asked for after create");
        return store.scope(codec, name);
      },
    },
    series,
    deliver: deliveries.deliverer([next.metrics as Consumer<Signal>], meters.meter({})),
    crowded: () => undefined,
    transport,
    listen: network.listen,
    print: (text) => printed.push(text) > 0,
    report: () => {},
    agentHealth: async () => ({ phase: "running", components: [] }),
    extension: <T>(id: string, { name }: Capability<T>) => {
      if (id !== "file_storage" || name !== STORE.name) throw new Error(`there is no extension ${id} here`);
      return backend as T;
    },
  };
  const instance = create(definition, config, deps, { ...next, pipeline: () => undefined });
  making = false;
  const rig: ComponentRig = {
    instance,
    clock,
    network,
    series,
    deps,
    printed,
    handedOn,
    loads: () => loads,
    total: (name, attributes) => meters.total(name, attributes),
    nextDoes: () => {},
    consume(signal, batch, after = () => {}, abort = NEVER) {
      const origin = {
        peer: { address: "127.0.0.1:1", transport: "http" as const },
        upperBound: { items: 100, bytes: 1000 },
        signal: abort,
      };
      const taker = rig.instance[signal] as Consumer<Signal> | undefined;
      if (taker === undefined) throw new Error(`${definition.type} says that it takes ${signal}, and does not`);
      const deliver = deliveries.deliverer([taker], meters.meter({}));
      return deliver(origin, (delivery) => {
        const consuming = taker.consume(batch, delivery);
        return consuming instanceof Promise ? consuming.then(after) : after();
      });
    },
    leftovers: () => ({
      timers: clock.liveTimers,
      servers: network.servers.filter(({ closed }) => !closed).length,
      clients: transport.openClients,
      calls: transport.callsUnderWay,
    }),
  };
  return rig;
}

function create(definition: AnyDefinition, config: unknown, deps: Deps, next: ConnectorNext): Component & Next {
  switch (definition.kind) {
    case "receiver":
      return definition.create(config, deps, next);
    case "processor":
      return definition.create(config, deps, next);
    case "connector":
      return definition.create(config, deps, next);
    case "exporter":
      return definition.create(config, deps, next);
    case "extension":
      return definition.create(config, deps);
    default:
      return definition satisfies never;
  }
}

/** Freezes a value and everything in it, but for the series: those belong to the table, which keeps their leases. */
export function deepFrozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  if ("lease" in value) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
