import type { Capability, Component, ConnectorNext, Deps, Extension } from "../component/component.ts";
import type { AnyDefinition } from "../component/define.ts";
import type { Consumer, Next } from "../component/delivery.ts";
import type { ComponentId, ComponentKind } from "../component/id.ts";
import { SIGNALS, type Signal } from "../model/signal.ts";
import type { Deliveries } from "./deliveries.ts";
import {
  connectorConsumer,
  connectorNext,
  exporterConsumer,
  processorConsumer,
  processorNext,
  receiverNext,
} from "./instrument.ts";
import type { Link, Plan, PlannedNode } from "./plan.ts";
import { fanOut, Port } from "./port.ts";

/** What a graph is built from, besides its plan. */
export interface GraphParts {
  component(kind: ComponentKind, id: string): GraphComponent;
  /** What a node may use, apart from what the graph itself gives it. */
  deps(node: PlannedNode): Omit<Deps, "id" | "deliver" | "extension">;
  readonly deliveries: Deliveries;
}

export interface GraphComponent {
  readonly id: ComponentId;
  readonly definition: AnyDefinition;
  readonly config: unknown;
}

/** An instance in its place. */
export interface GraphNode {
  readonly plan: PlannedNode;
  readonly instance: Component;
}

/** Makes every instance and connects them; in the order in which they start. No I/O. */
export function buildGraph(plan: Plan, parts: GraphParts): readonly GraphNode[] {
  const consumers = new Map<string, Next>();
  const extensions = new Map<string, Extension>();
  const extension = <T>(id: string, capability: Capability<T>): T => {
    const provided = extensions.get(id)?.provides?.get(capability.name);
    if (provided === undefined) throw new Error(`extension ${id} is not there, or provides no ${capability.name}`);
    return provided as T;
  };
  return plan.nodes.map((node) => {
    const { id, definition, config } = parts.component(node.kind, node.id);
    const own = parts.deps(node);
    const wires: Wires = { node, consumers, meter: own.meter };
    const deps = (next: Next): Deps => ({
      ...own,
      id,
      extension,
      deliver: parts.deliveries.deliverer(Object.values(next), own.meter),
    });
    switch (definition.kind) {
      case "extension": {
        const instance = definition.create(config, deps({}));
        extensions.set(node.id, instance);
        return { plan: node, instance };
      }
      case "exporter": {
        const instance = definition.create(config, deps({}));
        consumers.set(
          node.key,
          wrap(wires, instance, (signal, inner) => exporterConsumer(signal, inner, own.meter)),
        );
        return { plan: node, instance };
      }
      case "processor": {
        const next = nextOf(wires, processorNext);
        const instance = definition.create(config, deps(next), next);
        const options = { meter: own.meter, passesUnchanged: definition.passesUnchanged === true };
        const wrapped = wrap(wires, instance, (signal, inner) =>
          processorConsumer(signal, inner, portOf(next, signal), options),
        );
        consumers.set(node.key, wrapped);
        return { plan: node, instance };
      }
      case "connector": {
        const next = connectorNextOf(wires);
        const { pipeline: _, ...ports } = next;
        const instance = definition.create(config, deps(ports), next);
        const reach: readonly Consumer<Signal>[] = Object.values(ports);
        const wrapped = wrap(wires, instance, (signal, inner) => connectorConsumer(signal, inner, reach, own.meter));
        consumers.set(node.key, wrapped);
        return { plan: node, instance };
      }
      case "receiver": {
        const next = nextOf(wires, receiverNext);
        return { plan: node, instance: definition.create(config, deps(next), next) };
      }
      default:
        return definition satisfies never;
    }
  });
}

interface Wires {
  readonly node: PlannedNode;
  readonly consumers: ReadonlyMap<string, Next>;
  readonly meter: Deps["meter"];
}

type Instrument = <S extends Signal>(signal: S, next: Consumer<S>, meter: Deps["meter"]) => Consumer<S>;
type Wrap = <S extends Signal>(signal: S, inner: Consumer<S>) => Consumer<S>;

/** The ports of a node: for each signal that a pipeline takes from it, all pipelines at once. */
function nextOf({ node, consumers, meter }: Wires, instrument: Instrument): Next {
  const next: { -readonly [S in Signal]?: Consumer<S> } = {};
  const connect = <S extends Signal>(signal: S) => {
    const links = node.links.filter((link) => link.signal === signal);
    if (links.length === 0) return;
    const target = fanOut(links.flatMap((link) => targetsOf(link, signal, consumers)));
    (next as { [K in S]?: Consumer<S> })[signal] = new Port(instrument(signal, target, meter));
  };
  for (const signal of SIGNALS) connect(signal);
  return next;
}

function connectorNextOf(wires: Wires): ConnectorNext {
  const byPipeline = new Map<string, Consumer<Signal>>();
  for (const link of wires.node.links) {
    const target = fanOut(targetsOf(link, link.signal, wires.consumers));
    byPipeline.set(link.pipeline, new Port(connectorNext(link.signal, target, wires.meter)));
  }
  return {
    ...nextOf(wires, connectorNext),
    pipeline<S extends Signal>(signal: S, pipelineId: string) {
      const link = wires.node.links.find((link) => link.signal === signal && link.pipeline === pipelineId);
      return link && (byPipeline.get(pipelineId) as Consumer<S> | undefined);
    },
  };
}

function targetsOf<S extends Signal>(link: Link, signal: S, consumers: ReadonlyMap<string, Next>): Consumer<S>[] {
  return link.targets.map((target) => {
    const consumer = consumers.get(target)?.[signal] as Consumer<S> | undefined;
    if (consumer === undefined) throw new Error(`BUG: ${target} says that it takes ${signal}, and does not`);
    return consumer;
  });
}

/** Wraps what an instance takes of what its pipelines bring, signal by signal. */
function wrap({ node }: Wires, instance: Component & Next, around: Wrap): Next {
  const wrapped: { -readonly [S in Signal]?: Consumer<S> } = {};
  const connect = <S extends Signal>(signal: S) => {
    const inner = instance[signal] as Consumer<S> | undefined;
    if (inner !== undefined) (wrapped as { [K in S]?: Consumer<S> })[signal] = around(signal, inner);
  };
  for (const signal of node.takes) connect(signal);
  return wrapped;
}

function portOf<S extends Signal>(next: Next, signal: S): Consumer<S> {
  return next[signal] as Consumer<S>;
}
