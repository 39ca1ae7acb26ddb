import type { GraphNode } from "../pipeline/graph.ts";
import type { ComponentError } from "../pipeline/lifecycle.ts";

/** What a reload did, by `kind:id` (processors: `processor:id@pipeline`). */
export interface Reloaded {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly kept: readonly string[];
  /** Whether the server of the agent's own metrics was replaced. */
  readonly ownMetrics: boolean;
  /** Whether `service.limits` are others now. */
  readonly limits: boolean;
  /** What did not stop as it should have. */
  readonly errors: readonly ComponentError[];
}

export function reloaded(
  before: readonly GraphNode[],
  after: readonly GraphNode[],
  {
    metricsChanged,
    limitsChanged,
    errors,
  }: {
    readonly metricsChanged: boolean;
    readonly limitsChanged: boolean;
    readonly errors: readonly ComponentError[];
  },
): Reloaded {
  const was = new Map(before.map((node) => [node.plan.key, node.instance]));
  const is = new Set(after.map(({ plan }) => plan.key));
  const keys = (nodes: readonly GraphNode[]) => nodes.map(({ plan }) => plan.key);
  return {
    added: keys(after.filter(({ plan }) => !was.has(plan.key))),
    removed: keys(before.filter(({ plan }) => !is.has(plan.key))),
    changed: keys(after.filter(({ plan, instance }) => was.has(plan.key) && was.get(plan.key) !== instance)),
    kept: keys(after.filter(({ plan, instance }) => was.get(plan.key) === instance)),
    ownMetrics: metricsChanged,
    limits: limitsChanged,
    errors,
  };
}
