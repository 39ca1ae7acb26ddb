import type { Capability, Component, ConnectorNext, Deps, Extension } from "../component/component.ts";
import type { AnyDefinition } from "../component/define.ts";
import type { Consumer, Next } from "../component/delivery.ts";
import type { ComponentId, ComponentKind } from "../component/id.ts";
import type { Meter } from "../component/meter.ts";
import { Refusal } from "../component/refusal.ts";
import { SIGNALS, type Signal } from "../model/signal.ts";
import { tellBatching } from "./batching.ts";
import type { Deliveries } from "./deliveries.ts";
import { Gate } from "./gate.ts";
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
  /** The name of its state: two instances with the same must not live at a time. */
  owner(node: PlannedNode): string;
  /** What a node may use, apart from what the graph itself gives it. */
  deps(node: PlannedNode): Omit<Deps, "id" | "deliver" | "crowded" | "extension">;
  readonly deliveries: Deliveries;
  /** Nodes of an older graph that are taken over, by their key. Their ports stay as they are until `connectGraph`. */
  readonly kept?: ReadonlyMap<string, GraphNode>;
  /** Hears of each instance that is made, for whoever must stop them when a later one cannot be made. */
  readonly made?: (node: GraphNode) => void;
}

export interface GraphComponent {
  readonly id: ComponentId;
  readonly definition: AnyDefinition;
  readonly config: unknown;
  readonly fingerprint: () => string;
}

/** An instance in its place. */
export interface GraphNode {
  readonly plan: PlannedNode;
  readonly component: GraphComponent;
  readonly owner: string;
  readonly instance: Component;
  readonly seat: Seat;
}

/** What an instance holds, and goes on to hold when it is taken over into another graph. */
export interface Seat {
  readonly meter: Meter;
  readonly gate: Gate;
  readonly ports: ReadonlyMap<Signal, Port<Signal>>;
  /** A connector's ports to one pipeline each. */
  readonly pipelinePorts: ReadonlyMap<string, Port<Signal>>;
  /** What reaches it, counted; by signal. */
  consumers: Next;
  extensions: ReadonlyMap<string, Extension>;
  /** The extensions that it has asked for. */
  readonly uses: Set<string>;
  /** Whether it has a scope in the store. */
  keepsState: boolean;
  /** The step of its start that it is in. */
  step: "load" | "start" | "restore" | undefined;
  /** Whether it was told to stop: what it remembers is not to be built on any more. */
  stopped: boolean;
}

/** Makes every instance that is not kept and connects it; in the order in which they start. No I/O. */
export function buildGraph(plan: Plan, parts: GraphParts): readonly GraphNode[] {
  const consumers = new Map<string, Next>();
  const extensions = new Map<string, Extension>();
  return plan.nodes.map((planned) => {
    const kept = parts.kept?.get(planned.key);
    const node = kept === undefined ? makeNode(planned, parts, extensions) : { ...kept, plan: planned };
    if (planned.kind === "extension") extensions.set(planned.id, node.instance as Extension);
    // A kept exporter may be sent another signal than before.
    if (kept === undefined || planned.kind === "exporter") {
      node.seat.consumers = { ...node.seat.consumers, ...consumersOf(node) };
    }
    consumers.set(planned.key, node.seat.consumers);
    if (kept === undefined) {
      connect(node, consumers, () => true);
      parts.made?.(node);
    }
    return node;
  });
}

/**
 * Points every port at where the graph says, and so makes it the one that is. `leadsTo` leaves out what it is false for,
 * given the node that sends and the key of the one that it sends to.
 */
export function connectGraph(
  nodes: readonly GraphNode[],
  leadsTo: (node: GraphNode, target: string) => boolean = () => true,
): void {
  const consumers = new Map(nodes.map(({ plan, seat }) => [plan.key, seat.consumers]));
  const extensions = new Map(
    nodes.filter(({ plan }) => plan.kind === "extension").map(({ plan, instance }) => [plan.id, instance as Extension]),
  );
  for (const node of nodes) {
    node.seat.extensions = extensions;
    connect(node, consumers, (target) => leadsTo(node, target));
  }
  tellBatching(nodes);
}

function makeNode(plan: PlannedNode, parts: GraphParts, extensions: ReadonlyMap<string, Extension>): GraphNode {
  const component = parts.component(plan.kind, plan.id);
  const own = parts.deps(plan);
  const signals = SIGNALS.filter((signal) => plan.links.some((link) => link.signal === signal));
  const seat: Seat = {
    meter: own.meter,
    gate: new Gate(),
    ports: new Map(signals.map((signal) => [signal, new Port()])),
    pipelinePorts: new Map(
      plan.kind === "connector" ? plan.links.map(({ pipeline }) => [pipeline, new Port()] as const) : [],
    ),
    consumers: {},
    extensions,
    uses: new Set(),
    keepsState: false,
    step: undefined,
    stopped: false,
  };
  let making = true;
  // Whom an exporter feeds it asks by itself: most of its deliveries go nowhere.
  const reach = plan.kind === "exporter" ? [] : [...seat.ports.values()];
  const deps: Deps = {
    ...own,
    id: component.id,
    store: {
      get durable() {
        return own.store.durable;
      },
      page: own.store.page,
      find: own.store.find,
      count: own.store.count,
      scope(codec, name) {
        if (!making) throw new Error(`BUG: ${plan.key} asked for a scope of the store after its create`);
        seat.keepsState = true;
        return own.store.scope(codec, name);
      },
    },
    extension: (id, capability) => provided(seat, id, capability),
    deliver: parts.deliveries.deliverer(reach, own.meter, seat.gate),
    crowded: parts.deliveries.crowded(reach, own.meter),
  };
  const instance = create(component, deps, plan, seat);
  making = false;
  return { plan, component, owner: parts.owner(plan), instance, seat };
}

function create({ definition, config }: GraphComponent, deps: Deps, plan: PlannedNode, seat: Seat): Component {
  switch (definition.kind) {
    case "extension":
      return definition.create(config, deps);
    case "exporter":
    case "processor":
    case "receiver":
      return definition.create(config, deps, nextOf(seat));
    case "connector":
      return definition.create(config, deps, connectorNextOf(seat, plan));
    default:
      return definition satisfies never;
  }
}

function provided<T>({ extensions, uses }: Seat, id: string, capability: Capability<T>): T {
  uses.add(id);
  const found = extensions.get(id)?.provides?.get(capability.name);
  if (found === undefined) throw new Error(`extension ${id} is not there, or provides no ${capability.name}`);
  return found as T;
}

/** The ports of a node: for each signal that a pipeline takes from it, all pipelines at once. */
function nextOf({ ports }: Seat): Next {
  return Object.fromEntries(ports);
}

function connectorNextOf(seat: Seat, { links }: PlannedNode): ConnectorNext {
  return {
    ...nextOf(seat),
    pipeline<S extends Signal>(signal: S, pipelineId: string) {
      const link = links.find((link) => link.signal === signal && link.pipeline === pipelineId);
      return link && (seat.pipelinePorts.get(pipelineId) as Consumer<S> | undefined);
    },
  };
}

/** What an exporter hands on is no outcome of it: whoever takes it counts it. */
const uncounted = (_: Signal, next: Consumer<Signal>): Consumer<Signal> => next;

const COUNT_NEXT = {
  exporter: uncounted,
  receiver: receiverNext,
  processor: processorNext,
  connector: connectorNext,
} as const;

function connect(
  { plan: { kind, links }, seat }: GraphNode,
  consumers: ReadonlyMap<string, Next>,
  leadsTo: (target: string) => boolean,
): void {
  if (kind === "extension") return;
  const point = (signal: Signal, port: Port<Signal>, through: readonly Link[]) => {
    const targets = through.flatMap((link) => link.targets.filter(leadsTo));
    const branches = targets.map((target) => consumerOf(target, signal, consumers));
    port.pointAt(COUNT_NEXT[kind](signal, fanOut(branches), seat.meter));
  };
  for (const [signal, port] of seat.ports) {
    const through = links.filter((link) => link.signal === signal);
    point(signal, port, through);
  }
  for (const [pipeline, port] of seat.pipelinePorts) {
    const link = links.find((link) => link.pipeline === pipeline)!;
    point(link.signal, port, [link]);
  }
}

function consumerOf(target: string, signal: Signal, consumers: ReadonlyMap<string, Next>): Consumer<Signal> {
  const consumer: Consumer<Signal> | undefined = consumers.get(target)?.[signal];
  if (consumer === undefined) throw new Error(`BUG: ${target} says that it takes ${signal}, and does not`);
  return consumer;
}

/** Wraps what an instance takes of what its pipelines bring, signal by signal. */
function consumersOf({ plan, component: { definition }, instance, seat }: GraphNode): Next {
  const { meter, ports } = seat;
  const wrap = (signal: Signal, inner: Consumer<Signal>): Consumer<Signal> => {
    if (definition.kind === "exporter") return definition.queued ? inner : exporterConsumer(signal, inner, meter);
    if (definition.kind === "connector") return connectorConsumer(signal, inner, [...ports.values()], meter);
    const passesUnchanged = definition.kind === "processor" && definition.passesUnchanged === true;
    return processorConsumer(signal, inner, ports.get(signal)!, { meter, passesUnchanged });
  };
  return Object.fromEntries(
    plan.takes.flatMap((signal) => {
      const inner = (instance as Next)[signal] as Consumer<Signal> | undefined;
      return inner === undefined ? [] : [[signal, wrap(signal, untilStopped(inner, seat))]];
    }),
  );
}

/** Refuses what comes after the stop: written by who has let go of its memory, it would replace what is in the store. */
function untilStopped(inner: Consumer<Signal>, seat: Seat): Consumer<Signal> {
  return {
    consume(batch, delivery) {
      if (seat.stopped) throw new Refusal("retryable", "stopped", "a component on the way has stopped");
      return inner.consume(batch, delivery);
    },
    admit: (upperBound) => inner.admit?.(upperBound),
    examine: (batch) => inner.examine?.(batch),
  };
}
