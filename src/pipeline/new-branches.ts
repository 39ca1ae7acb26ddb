import type { GraphNode } from "./graph.ts";

/** Whether a restore that begins at some node is to take the way from one node to another. */
export type LeadsTo = (from: GraphNode, target: string) => boolean;

/**
 * Finds what came to stand behind a node that was taken over from the graph `before`: its stored totals are to be shown
 * there, and not once more to whoever has them. Undefined where nothing did.
 */
export function newBranches(
  node: GraphNode,
  nodes: readonly GraphNode[],
  before: readonly GraphNode[],
): LeadsTo | undefined {
  const now = new Map(nodes.map((node) => [node.plan.key, node]));
  const then = new Map(before.map((node) => [node.plan.key, node]));
  const wanted = new Set<string>();
  const way = (from: string, target: string) => JSON.stringify([from, target]);
  const isNew = (from: string, target: string) => {
    const old = then.get(from);
    return (
      then.get(target)?.instance !== now.get(target)!.instance || old === undefined || !targetsOf(old).includes(target)
    );
  };
  /** `all`: behind something new everything is. Returns whether there is anything new. */
  const walk = (from: GraphNode, all: boolean): boolean => {
    let found = all;
    for (const target of targetsOf(from)) {
      if (!walk(now.get(target)!, all || isNew(from.plan.key, target))) continue;
      found = true;
      wanted.add(way(from.plan.key, target));
    }
    return found;
  };
  return walk(node, false) ? (from, target) => wanted.has(way(from.plan.key, target)) : undefined;
}

function targetsOf({ plan: { links } }: GraphNode): readonly string[] {
  return links.flatMap(({ targets }) => targets);
}
