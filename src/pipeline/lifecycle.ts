import { orAborted } from "../lib/abort.ts";
import { tellBatching } from "./batching.ts";
import type { Deliveries } from "./deliveries.ts";
import type { GraphNode } from "./graph.ts";
import type { PlannedNode } from "./plan.ts";

/** A component that could not be started, or did not stop; `cause` is what it said. */
export class ComponentError extends Error {
  override readonly name = "ComponentError";
  /** `receiver:gost`. */
  readonly component: string;

  constructor({ kind, id }: Pick<PlannedNode, "kind" | "id">, doing: string, cause: unknown) {
    super(`${kind} ${id} ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.component = `${kind}:${id}`;
  }
}

/**
 * Starts a graph: extensions (one of them may be the store), then everybody's state, exporters, processors, what is
 * stored sent on, and receivers last. On a failure, or when `signal` aborts, the rest is not started; whoever called
 * stops the graph, for every component can be stopped whether it was started or not.
 */
export async function startGraph(
  nodes: readonly GraphNode[],
  signal: AbortSignal,
  beforeState: (signal: AbortSignal) => Promise<void> = async () => {},
): Promise<void> {
  tellBatching(nodes);
  await prepareNodes(nodes, signal, beforeState);
  for (const node of nodes) await step(node, "restore", signal);
  await openToAll(nodes, signal);
}

/** The first part of a start: everything but what would bring data. `beforeState` runs when the store is open. */
export async function prepareNodes(
  nodes: readonly GraphNode[],
  signal: AbortSignal,
  beforeState: (signal: AbortSignal) => Promise<void> = async () => {},
): Promise<void> {
  const extensions = nodes.filter(({ plan }) => plan.kind === "extension");
  const others = nodes.filter(({ plan }) => plan.kind !== "extension");
  for (const node of extensions) {
    await step(node, "load", signal);
    await step(node, "start", signal);
  }
  await beforeState(signal);
  const isReceiver = ({ plan }: GraphNode) => plan.kind === "receiver";
  for (const node of others.filter((node) => !isReceiver(node))) await step(node, "load", signal);
  for (const node of others.filter(isReceiver)) await step(node, "load", signal);
  for (const node of others.filter((node) => !isReceiver(node))) await step(node, "start", signal);
}

export async function restoreNode(node: GraphNode, signal: AbortSignal): Promise<void> {
  await step(node, "restore", signal);
}

/** The last part of a start, when everything that is stored has been handed on. */
export async function openToAll(nodes: readonly GraphNode[], signal: AbortSignal): Promise<void> {
  for (const { instance } of nodes) instance.restored?.();
  for (const node of nodes) if (node.plan.kind === "receiver") await step(node, "start", signal);
}

/**
 * Stops a graph the other way round. What a component hands on while it stops is let through before the next one stops.
 * Nothing is waited for beyond the deadline; what went wrong is returned, and keeps nobody from being stopped.
 */
export async function stopGraph(
  nodes: readonly GraphNode[],
  deliveries: Deliveries,
  deadline: AbortSignal,
): Promise<readonly ComponentError[]> {
  // At the deadline what is under way is refused by the store's own bound, and its sender keeps it.
  const errors = await stopNodes(nodes, deadline, () => deliveries.drained(deadline));
  deliveries.close();
  return errors;
}

/** Stops some nodes of a graph, in its order; `drained` waits for what a node has handed on. */
export async function stopNodes(
  nodes: readonly GraphNode[],
  deadline: AbortSignal,
  drained: (node: GraphNode) => Promise<void>,
): Promise<readonly ComponentError[]> {
  const errors: ComponentError[] = [];
  for (const node of nodes.toReversed()) {
    node.seat.stopped = true;
    try {
      const stopping = node.instance.stop?.(deadline);
      if (stopping !== undefined) await orAborted(stopping, deadline);
    } catch (thrown) {
      errors.push(new ComponentError(node.plan, "did not stop", thrown));
    }
    await drained(node).catch(() => {});
  }
  return errors;
}

async function step(node: GraphNode, what: "load" | "start" | "restore", signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  node.seat.step = what;
  try {
    const working = node.instance[what]?.(signal);
    if (working !== undefined) await orAborted(working, signal);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw new ComponentError(node.plan, DOING[what], thrown);
  } finally {
    node.seat.step = undefined;
  }
}

const DOING = {
  load: "could not load its state",
  start: "could not start",
  restore: "could not hand on its state",
} as const;
