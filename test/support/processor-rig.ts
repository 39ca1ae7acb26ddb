import type { Deps, Processor } from "../../src/component/component.ts";
import type { ProcessorDefinition } from "../../src/component/define.ts";
import type { Consumer, Deliver, Delivery, Outcome } from "../../src/component/delivery.ts";
import type { Meter } from "../../src/component/meter.ts";
import { Refusal } from "../../src/component/refusal.ts";
import { type Change, CommitUnknownError, type StoreBackend, type ValueScope } from "../../src/component/store.ts";
import { noTransport } from "../../src/kit/client/transport.ts";
import { foundIn, pageOf, tableOf } from "../../src/kit/memory-store.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import type { Attributes } from "../../src/model/attributes.ts";
import { allPoints, type MetricsBatch } from "../../src/model/points.ts";
import type { Series } from "../../src/model/series.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { Deliveries } from "../../src/pipeline/deliveries.ts";
import { silentLog } from "./silent-log.ts";

const PEER = { address: "test", transport: "internal" } as const;
const ORIGIN = { peer: PEER, upperBound: { items: 0, bytes: 0 }, signal: NEVER };

/** A row of processors over a store that keeps bytes, with everything that left it. */
export interface ProcessorRig {
  readonly clock: VirtualClock;
  readonly counters: ReadonlyMap<string, { value: number }>;
  /** What gauges without attributes say at present. */
  readonly gauges: { get(name: string): number | undefined };
  /** The series of the life since the last restart. */
  readonly table: SeriesTable;
  /** The value that each series showed last, over all lives, by `nameOf`. */
  readonly shown: ReadonlyMap<string, number>;
  /** The batches that left, in order. */
  readonly left: MetricsBatch[];
  /** One delivery: examined by all, then consumed. */
  send(batch: MetricsBatch): Outcome;
  /** Those of the life since the last restart. */
  readonly processors: readonly Processor[];
  /** The next batch that reaches the end is refused there. */
  failNext(): void;
  /** The same where something has to be waited for; rolled back where that is asked for. */
  sendAndWait(batch: MetricsBatch, rollBack?: boolean): Promise<Outcome>;
  /**
   * Makes the store wait with everything from now on, until it is released: then commits are kept, or fail, or are not
   * kept and nobody knows.
   */
  holdStore(): (end: CommitEnd) => Promise<void>;
  /** A delivery that is refused behind the last processor, after all of them staged. */
  sendAndRollBack(batch: MetricsBatch): void;
  /** Ends all processors without a farewell, and starts new ones over what was committed. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export type CommitEnd = "kept" | "failed" | "unknown";

type Part = readonly [definition: ProcessorDefinition, config: unknown];

export async function processorRig(...parts: readonly Part[]): Promise<ProcessorRig> {
  const clock = virtualClock();
  let held: { readonly released: Promise<CommitEnd> } | undefined;
  const bytes = byteStore();
  const backend: StoreBackend = {
    ...bytes,
    async find(scope, keys, signal) {
      await held?.released;
      return bytes.find(scope, keys, signal);
    },
    commit(changes, signal) {
      if (held === undefined) return bytes.commit(changes, signal);
      return held.released.then((end) => {
        if (end === "failed") throw new Error("the disk is full");
        if (end === "unknown") throw new CommitUnknownError("input/output error");
        return bytes.commit(changes, signal);
      });
    },
  };
  const shown = new Map<string, number>();
  const left: MetricsBatch[] = [];
  const counters = new Map<string, { value: number }>();
  const gauges = new Map<string, () => Iterable<{ readonly value: number }>>();
  const meter = meterInto(counters, gauges);
  const deliver: Deliver = new Deliveries({ backend, clock, log: silentLog, meter }).deliverer([], meter);
  let failing = false;
  let table = new SeriesTable();
  let processors: readonly (Processor & { readonly metrics: Consumer<"metrics"> })[] = [];

  const end: Consumer<"metrics"> = {
    consume(batch, delivery) {
      if (failing) {
        failing = false;
        throw new Refusal("retryable", "test", "refused by the test");
      }
      delivery.onCommitted(() => {
        left.push(batch);
        for (const { series, value, extra } of allPoints(batch)) {
          if (extra?.noRecordedValue) shown.delete(nameOf(series));
          else if (typeof value === "number") shown.set(nameOf(series), value);
        }
      });
    },
  };

  async function begin(): Promise<void> {
    table = new SeriesTable();
    let next = end;
    const made = [];
    for (const [index, [definition, config]] of [...parts.entries()].reverse()) {
      const deps: Deps = {
        id: { type: definition.type, name: String(index) },
        clock,
        random: seededRandom(1),
        log: silentLog,
        meter,
        store: {
          durable: true,
          page: (scope, range, signal) => backend.page(scope, range, signal),
          find: (scope, keys, signal) => backend.find(scope, keys, signal),
          count: (scope, signal) => backend.count(scope, signal),
          scope: (codec, name = "") => ({
            name: `${definition.type}/${index}/${name}`,
            codec,
            load(signal) {
              return backend.load(this, signal);
            },
          }),
        },
        series: table,
        deliver,
        crowded: () => undefined,
        transport: noTransport,
        listen: () => Promise.reject(new Error("no network here")),
        hostName: "test",
        print: () => true,
        report: () => {},
        agentHealth: async () => ({ phase: "running", components: [] }),
        extension: () => {
          throw new Error("no extensions here");
        },
      };
      const processor = definition.create(definition.config.parse(config), deps, { metrics: next });
      next = processor.metrics!;
      made.unshift(processor as (typeof processors)[number]);
    }
    processors = made;
    for (const processor of processors) await processor.load?.(NEVER);
    for (const processor of [...processors].reverse()) await processor.restore?.(NEVER);
    for (const processor of [...processors].reverse()) await processor.start?.(NEVER);
  }

  function run(batch: MetricsBatch): Outcome | Promise<Outcome> {
    return deliver(ORIGIN, (delivery: Delivery) => {
      for (const { metrics } of processors) {
        const refusal = metrics.examine?.(batch);
        if (refusal !== undefined) throw refusal;
      }
      return processors[0]!.metrics.consume(batch, delivery);
    });
  }

  function runAtOnce(batch: MetricsBatch): Outcome {
    const outcome = run(batch);
    if (outcome instanceof Promise) throw new Error("nothing waits here");
    return outcome;
  }

  await begin();
  return {
    clock,
    counters,
    gauges: { get: (name) => [...(gauges.get(name)?.() ?? [])][0]?.value },
    shown,
    left,
    get table() {
      return table;
    },
    get processors() {
      return processors;
    },
    failNext() {
      failing = true;
    },
    send: runAtOnce,
    async sendAndWait(batch, rollBack = false) {
      failing = rollBack;
      const outcome = await run(batch);
      failing = false;
      return outcome;
    },
    holdStore() {
      const { promise, resolve } = Promise.withResolvers<CommitEnd>();
      held = { released: promise };
      return async (end) => {
        held = undefined;
        resolve(end);
        await clock.advanceAsync(0);
      };
    },
    sendAndRollBack(batch) {
      failing = true;
      runAtOnce(batch);
      failing = false;
    },
    async restart() {
      for (const processor of processors) await processor.stop?.(NEVER);
      await begin();
    },
    async stop() {
      for (const processor of processors) await processor.stop?.(NEVER);
    },
  };
}

/** A series as tests name it: `gost.client.io{"gost.client.id":"alice",...}`. */
export function nameOf({ metric, attributes }: Series): string {
  return `${metric.name}{${attributesText(attributes)}}`;
}

/** Only what is encoded comes back, so a codec that forgets something is found. */
function byteStore(): StoreBackend {
  const scopes = new Map<string, Map<string, Uint8Array>>();
  const rowsOf = <T>(scope: ValueScope<T>) => {
    const rows = scopes.get(tableOf(scope)) ?? [];
    return new Map([...rows].map(([key, bytes]) => [key, scope.codec.decode(bytes)]));
  };
  return {
    durable: true,
    load: async (scope) => rowsOf(scope),
    page: async (scope, range) => pageOf(rowsOf(scope), range),
    find: async (scope, keys) => foundIn(rowsOf(scope), keys),
    count: async (scope) => rowsOf(scope).size,
    commit(changes: readonly Change[]) {
      for (const { scope, key, value } of changes) {
        const rows = scopes.get(tableOf(scope)) ?? new Map<string, Uint8Array>();
        scopes.set(tableOf(scope), rows);
        if (value === undefined) rows.delete(key);
        else rows.set(key, scope.codec.encode(value));
      }
    },
  };
}

function meterInto(
  counters: Map<string, { value: number }>,
  gauges: Map<string, () => Iterable<{ readonly value: number }>>,
): Meter {
  return {
    counter({ name }, attributes = {}) {
      const key = `${name}{${attributesText(attributes)}}`;
      const counter = counters.get(key) ?? { value: 0 };
      counters.set(key, counter);
      return counter;
    },
    gauge({ name }, read) {
      gauges.set(name, read);
      return () => {};
    },
  };
}

function attributesText(attributes: Attributes): string {
  const keys = Object.keys(attributes).sort();
  const text = (value: unknown) => (typeof value === "string" ? JSON.stringify(value) : String(value));
  return keys.map((key) => `${JSON.stringify(key)}:${text(attributes[key])}`).join(",");
}
