import type { Processor } from "../../../src/component/component.ts";
import type { ProcessorDefinition } from "../../../src/component/define.ts";
import type { Delivery } from "../../../src/component/delivery.ts";
import { loadDefinition, type Registry } from "../../../src/component/registry.ts";
import type { Transaction } from "../../../src/component/store.ts";
import type { MetricsBatch } from "../../../src/model/points.ts";
import { registry } from "../../../src/registry.ts";

/** The real components, with one processor made otherwise. */
export function withProcessor(type: string, make: (real: Processor) => Processor): Registry {
  const processors = registry.processors.map((entry) => {
    if (entry.type !== type) return entry;
    const load = async () => {
      const definition = (await loadDefinition(registry, "processor", type)) as ProcessorDefinition;
      const create: typeof definition.create = (config, deps, next) => make(definition.create(config, deps, next));
      return { planted: { ...definition, create } };
    };
    return { type, load };
  });
  return { ...registry, processors };
}

/** A processor that is handed other batches than it should be. */
export function hearing(real: Processor, batch: (batch: MetricsBatch) => MetricsBatch): Processor {
  const { metrics } = real;
  if (metrics === undefined) throw new Error("this processor takes no metrics");
  return {
    ...lifeOf(real),
    metrics: {
      consume: (given, within) => metrics.consume(batch(given), within),
      ...(metrics.examine === undefined ? {} : { examine: (given) => metrics.examine!(batch(given)) }),
    },
  };
}

/** A processor that changes its memory without a way back. Deliveries know each other, so it is this one that is patched. */
export function forgettingUndo(real: Processor): Processor {
  const { metrics } = real;
  if (metrics === undefined) throw new Error("this processor takes no metrics");
  const consume = (batch: MetricsBatch, delivery: Delivery) => {
    const transaction: Partial<Transaction> = delivery.transaction;
    const change: Transaction["change"] = (scope, cell, state) => {
      cell.state = state;
      delivery.transaction.put(scope, cell.key, state);
    };
    Object.assign(transaction, { change, onRolledBack: () => {} });
    try {
      return metrics.consume(batch, delivery);
    } finally {
      delete transaction.change;
      delete transaction.onRolledBack;
    }
  };
  return { ...lifeOf(real), metrics: { ...(metrics.examine && { examine: metrics.examine.bind(metrics) }), consume } };
}

/** Its methods, bound: a class instance's are not its own. */
export function lifeOf(real: Processor): Processor {
  return {
    load: async (signal) => real.load?.(signal),
    restore: async (signal) => real.restore?.(signal),
    start: async (signal) => real.start?.(signal),
    stop: async (deadline) => real.stop?.(deadline),
    ...(real.metrics === undefined ? {} : { metrics: real.metrics }),
  };
}
