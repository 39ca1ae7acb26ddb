import { orAborted } from "../lib/abort.ts";
import type { Deliveries } from "./deliveries.ts";
import type { GraphNode } from "./graph.ts";

/** A component that could not be started, or did not stop; `cause` is what it said. */
export class ComponentError extends Error {
  override readonly name = "ComponentError";
  /** `receiver:gost`. */
  readonly component: string;

  constructor(node: GraphNode, doing: string, cause: unknown) {
    const { kind, id } = node.plan;
    super(`${kind} ${id} ${doing}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.component = `${kind}:${id}`;
  }
}

/**
 * Starts a graph: extensions (one of them may be the store), then everybody's state, exporters, processors, what is
 * stored sent on, and receivers last. On a failure, or when `signal` aborts, the rest is not started; whoever called
 * stops the graph, for every component can be stopped whether it was started or not.
 */
export async function startGraph(nodes: readonly GraphNode[], signal: AbortSignal): Promise<void> {
  const extensions = nodes.filter(({ plan }) => plan.kind === "extension");
  const receivers = nodes.filter(({ plan }) => plan.kind === "receiver");
  const between = nodes.filter((node) => !extensions.includes(node) && !receivers.includes(node));
  for (const node of extensions) {
    await step(node, "load", signal);
    await step(node, "start", signal);
  }
  for (const node of [...between, ...receivers]) await step(node, "load", signal);
  for (const node of between) await step(node, "start", signal);
  for (const node of nodes) await step(node, "restore", signal);
  for (const node of receivers) await step(node, "start", signal);
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
  const errors: ComponentError[] = [];
  for (const node of nodes.toReversed()) {
    try {
      const stopping = node.instance.stop?.(deadline);
      if (stopping !== undefined) await orAborted(stopping, deadline);
    } catch (thrown) {
      errors.push(new ComponentError(node, "did not stop", thrown));
    }
    // At the deadline what is under way is refused by the store's own bound, and its sender keeps it.
    await deliveries.drained(deadline).catch(() => {});
  }
  deliveries.close();
  return errors;
}

async function step(node: GraphNode, what: "load" | "start" | "restore", signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  try {
    const working = node.instance[what]?.(signal);
    if (working !== undefined) await orAborted(working, signal);
  } catch (thrown) {
    if (signal.aborted) throw signal.reason;
    throw new ComponentError(node, DOING[what], thrown);
  }
}

const DOING = {
  load: "could not load its state",
  start: "could not start",
  restore: "could not hand on its state",
} as const;
