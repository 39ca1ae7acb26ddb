import type { Consumer, Delivery, Load } from "../component/delivery.ts";
import type { Refusal } from "../component/refusal.ts";
import type { Batches, Signal } from "../model/signal.ts";

/**
 * What a component holds of its `next`, for one signal. The graph owns it: a reload points it elsewhere, between two
 * deliveries, while the component keeps it.
 */
export class Port<S extends Signal> implements Consumer<S> {
  #target: Consumer<S>;

  /** By default it leads nowhere. */
  constructor(target: Consumer<S> = fanOut<S>([])) {
    this.#target = target;
  }

  pointAt(target: Consumer<S>): void {
    this.#target = target;
  }

  consume(batch: Batches[S], delivery: Delivery): void | Promise<void> {
    return this.#target.consume(batch, delivery);
  }

  admit(upperBound: Load): Refusal | undefined {
    return this.#target.admit?.(upperBound);
  }

  examine(batch: Batches[S]): Refusal | undefined {
    return this.#target.examine?.(batch);
  }
}

/**
 * Hands a batch to all branches, in order. Batches are immutable, so the branches share it. The first refusal refuses
 * the delivery, so the branches behind it are not asked any more; but those that are under way are waited for, because
 * nothing of a delivery may run on once it is undone.
 */
export function fanOut<S extends Signal>(branches: readonly Consumer<S>[]): Consumer<S> {
  if (branches.length === 1) return branches[0]!;
  return {
    consume(batch, delivery) {
      let waiting: Promise<void>[] | undefined;
      for (const branch of branches) {
        try {
          const consuming = branch.consume(batch, delivery);
          if (consuming instanceof Promise) {
            waiting ??= [];
            waiting.push(consuming);
          }
        } catch (thrown) {
          if (waiting === undefined) throw thrown;
          waiting.push(Promise.reject(thrown));
          break;
        }
      }
      return waiting === undefined ? undefined : allSettled(waiting);
    },
    admit: (upperBound) => firstRefusal(branches, (branch) => branch.admit?.(upperBound)),
    examine: (batch) => firstRefusal(branches, (branch) => branch.examine?.(batch)),
  };
}

function firstRefusal<T>(branches: readonly T[], ask: (branch: T) => Refusal | undefined): Refusal | undefined {
  for (const branch of branches) {
    const refusal = ask(branch);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

async function allSettled(waiting: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(waiting);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
