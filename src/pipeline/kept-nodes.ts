import { SIGNALS } from "../model/signal.ts";
import type { GraphNode, GraphParts } from "./graph.ts";
import { nodeKey, type Plan, type PlannedNode } from "./plan.ts";

/**
 * The nodes of a running graph that a new plan can take over as they are, by their key: same definition, same effective
 * configuration, same name of its state, same set of ports, and every extension that they asked for is taken over too.
 */
export function keptNodes(
  running: readonly GraphNode[],
  plan: Plan,
  { component, owner }: Pick<GraphParts, "component" | "owner">,
): ReadonlyMap<string, GraphNode> {
  const byKey = new Map(running.map((node) => [node.plan.key, node]));
  const kept = new Map<string, GraphNode>();
  // Extensions stand in front of whoever uses them.
  for (const planned of plan.nodes) {
    const node = byKey.get(planned.key);
    if (node === undefined || portsOf(node.plan) !== portsOf(planned) || node.owner !== owner(planned)) continue;
    const { definition, fingerprint } = component(planned.kind, planned.id);
    if (node.component.definition !== definition || node.component.fingerprint() !== fingerprint()) continue;
    const loses = [...node.seat.uses].some((id) => !kept.has(nodeKey("extension", id, "")));
    if (!loses) kept.set(planned.key, node);
  }
  return kept;
}

/** What its `next` looks like: an instance got it at its making, and no port of it can come or go. */
function portsOf({ kind, links, takes }: PlannedNode): string {
  if (kind === "connector") return JSON.stringify([takes, links.map(({ pipeline }) => pipeline)]);
  return SIGNALS.filter((signal) => links.some((link) => link.signal === signal)).join();
}
