import * as z from "zod";
import type { Component, Deps } from "../../src/component/component.ts";
import {
  defineConnector,
  defineExporter,
  defineExtension,
  defineProcessor,
  defineReceiver,
} from "../../src/component/define.ts";
import type { Consumer, Delivery, Next, Outcome } from "../../src/component/delivery.ts";
import { idText } from "../../src/component/id.ts";
import type { Refusal } from "../../src/component/refusal.ts";
import type { Registry } from "../../src/component/registry.ts";
import type { Health } from "../../src/component/status.ts";
import { NEVER } from "../../src/lib/abort.ts";
import type { Attributes } from "../../src/model/attributes.ts";
import type { MetricsBatch } from "../../src/model/points.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { type Batches, itemCount, type Signal } from "../../src/model/signal.ts";

/**
 * Components whose behaviour the test decides: what they do stands in `journal`, and what they are to do in `script`,
 * by the component's id.
 */
export interface FakeWorld {
  readonly registry: Registry;
  /** `start receiver:in`, `consume exporter:out 3`, in the order in which it happened. */
  readonly journal: string[];
  readonly script: Record<string, FakeScript>;
  /** By id; where there are two, the one that was made last and has not been stopped. */
  readonly receivers: Map<string, { readonly deps: Deps; readonly next: Next }>;
  readonly deps: Map<string, Deps>;
  /** The names of what has been started, or tried to, and not stopped; each instance once. */
  readonly live: Map<Deps, string>;
}

export interface FakeScript {
  create?(deps: Deps): void;
  load?(): Promise<void>;
  restore?(deps: Deps, next: Next): Promise<void>;
  restored?(): void;
  start?(deps: Deps, signal: AbortSignal): Promise<void>;
  stop?(deadline: AbortSignal): Promise<void>;
  health?(): Promise<Health>;
  consume?(batch: MetricsBatch, delivery: Delivery, next: Next): void | Promise<void>;
  admit?(): Refusal | undefined;
  examine?(): Refusal | undefined;
}

type Hand = <S extends Signal>(signal: S, batch: Batches[S], delivery: Delivery, next: Next) => void | Promise<void>;

const config = z.strictObject({
  text: z.string().default("").describe("Anything."),
  file: z.string().default("").describe("A file that it owns."),
});
type Config = z.output<typeof config>;
const ALL_SIGNALS = { metrics: "stable", traces: "stable", logs: "stable" } as const;

export function fakeWorld(): FakeWorld {
  const journal: string[] = [];
  const script: Record<string, FakeScript> = {};
  const receivers: FakeWorld["receivers"] = new Map();
  const deps: FakeWorld["deps"] = new Map();
  const live: FakeWorld["live"] = new Map();
  const made: { readonly deps: Deps; readonly next: Next }[] = [];
  const lifecycle = (kind: string, own: Deps, next: Next = {}): Component => {
    const id = idText(own.id);
    const name = `${kind}:${id}`;
    deps.set(name, own);
    script[id]?.create?.(own);
    const step = (what: "load" | "stop" | "start" | "restore" | "restored") => journal.push(`${what} ${name}`);
    return {
      async load() {
        step("load");
        await script[id]?.load?.();
      },
      async restore() {
        if (script[id]?.restore === undefined) return;
        step("restore");
        await script[id].restore(own, next);
      },
      restored() {
        if (script[id]?.restored === undefined) return;
        step("restored");
        script[id].restored();
      },
      async start(signal) {
        step("start");
        live.set(own, name);
        await script[id]?.start?.(own, signal);
      },
      async stop(deadline) {
        step("stop");
        live.delete(own);
        const other = made.find(({ deps }) => live.get(deps) === name);
        if (other !== undefined) receivers.set(id, other);
        await script[id]?.stop?.(deadline);
      },
      health: async () => (await script[id]?.health?.()) ?? { status: "ok" },
    };
  };
  const consumer = (kind: string, own: Deps, next: Next, otherwise: Hand): Required<Next> => {
    const id = idText(own.id);
    const taking = <S extends Signal>(signal: S): Consumer<S> => ({
      consume(batch, delivery) {
        journal.push(`consume ${kind}:${id} ${itemCount(signal, batch)}`);
        if (!live.has(own)) journal.push(`BUG: ${kind}:${id} is not running`);
        const scripted = script[id]?.consume;
        if (scripted === undefined) return otherwise(signal, batch, delivery, next);
        return scripted(batch as MetricsBatch, delivery, next);
      },
      admit: () => script[id]?.admit?.(),
      examine: () => script[id]?.examine?.(),
    });
    return { metrics: taking("metrics"), traces: taking("traces"), logs: taking("logs") };
  };
  const passOn: Hand = (signal, batch, delivery, next) => {
    const consumer = next[signal] as Consumer<typeof signal> | undefined;
    return (consumer ?? (next.metrics as Consumer<Signal>)).consume(batch, delivery);
  };
  const resources = ({ file }: Config) => (file === "" ? [] : [{ type: "file", file, path: ["file"] } as const]);
  const common = { summary: "A fake.", config, signals: ALL_SIGNALS, resources } as const;
  const processor = (type: string, passesUnchanged: boolean) =>
    defineProcessor({
      ...common,
      type,
      passesUnchanged,
      holds: "nothing",
      create: (_, own, next) => ({ ...lifecycle(type, own, next), ...consumer(type, own, next, passOn) }),
    });
  return {
    journal,
    script,
    receivers,
    deps,
    live,
    registry: {
      receivers: [
        defineReceiver({
          ...common,
          type: "in",
          aliases: ["old_in"],
          hint: ({ text }) => `send to ${text}`,
          create(_, own, next) {
            made.push({ deps: own, next });
            receivers.set(idText(own.id), { deps: own, next });
            return lifecycle("receiver", own, next);
          },
        }),
      ],
      processors: [processor("pass", true), processor("change", false)],
      exporters: [
        defineExporter({
          ...common,
          type: "out",
          create: (_, own) => ({ ...lifecycle("exporter", own), ...consumer("exporter", own, {}, () => {}) }),
        }),
      ],
      connectors: [
        defineConnector({
          type: "join",
          summary: "A fake.",
          config,
          routes: [
            { from: "metrics", to: "metrics", stability: "stable" },
            { from: "traces", to: "metrics", stability: "stable" },
          ],
          create: (_, own, next) => ({
            ...lifecycle("connector", own, next),
            ...consumer("connector", own, next, passOn),
          }),
        }),
      ],
      extensions: [
        defineExtension({
          type: "extra",
          stability: "stable",
          summary: "A fake.",
          config,
          create: (_, own) => ({ ...lifecycle("extension", own), provides: new Map([["answer", 42]]) }),
        }),
      ],
    },
  };
}

/** A batch of this many points, of a series each. */
export function metricsBatch(points: number, table = new SeriesTable(), attributes: Attributes = {}): MetricsBatch {
  const resource = table.resource({ "service.name": "test" });
  const scope = table.scope("test");
  const metric = table.metric({
    name: "test.bytes",
    unit: "By",
    description: "A test.",
    type: "sum",
    monotonic: true,
    temporality: "cumulative",
    number: "int",
  });
  return {
    rows: [],
    points: Array.from({ length: points }, (_, index) => ({
      series: table.series(resource, scope, metric, { ...attributes, index }),
      start: 0,
      time: 1_000,
      value: index + 1,
    })),
  };
}

export const ORIGIN = {
  peer: { address: "127.0.0.1:1", transport: "http" },
  upperBound: { items: 10, bytes: 100 },
  signal: NEVER,
} as const;

/** Has a fake receiver hand on a batch as one delivery. */
export function send(world: FakeWorld, batch: MetricsBatch, id = "in"): Outcome | Promise<Outcome> {
  const { deps, next } = world.receivers.get(id)!;
  return deps.deliver(ORIGIN, (delivery) => next.metrics!.consume(batch, delivery));
}
