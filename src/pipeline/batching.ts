import type { Processor } from "../component/component.ts";
import type { Batching, Consumer } from "../component/delivery.ts";
import type { Signal } from "../model/signal.ts";
import type { PlannedNode } from "./plan.ts";

/** What of a graph's node is needed here. */
interface Node {
  readonly plan: PlannedNode;
  readonly instance: Processor;
}

/**
 * Tells every queue how large its requests are to be: as the processors in front of it say that batch, through
 * connectors as well. Where several do, the least of each, so that what each of them promises holds.
 */
export function tellBatching(nodes: readonly Node[]): void {
  const byKey = new Map(nodes.map((node) => [node.plan.key, node]));
  const told = new Map<Consumer<Signal>, Batching>();
  const walk = ({ plan }: Node, batching: Batching) => {
    for (const { signal, targets } of plan.links) {
      for (const target of targets) {
        const node = byKey.get(target)!;
        const consumer = consumerOf(node, signal);
        if (consumer?.batching !== undefined) told.set(consumer, least(told.get(consumer), batching));
        walk(node, batching);
      }
    }
  };
  for (const node of nodes) {
    const { batching } = node.instance;
    if (batching !== undefined) walk(node, batching);
  }
  for (const node of nodes) {
    for (const signal of node.plan.takes) {
      const consumer = consumerOf(node, signal);
      consumer?.batching?.(told.get(consumer));
    }
  }
}

function consumerOf({ instance }: Node, signal: Signal): Consumer<Signal> | undefined {
  return instance[signal] as Consumer<Signal> | undefined;
}

function least(known: Batching | undefined, other: Batching): Batching {
  if (known === undefined) return other;
  return {
    itemsMin: Math.min(known.itemsMin, other.itemsMin),
    itemsMax: known.itemsMax === 0 ? other.itemsMax : Math.min(known.itemsMax, other.itemsMax || known.itemsMax),
    flushTimeoutMs: Math.min(known.flushTimeoutMs, other.flushTimeoutMs),
  };
}
