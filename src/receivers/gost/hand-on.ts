import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import type { MetricsBatch } from "../../model/points.ts";
import type { Batches, Signal } from "../../model/signal.ts";

/** What one delivery brings, for each signal. */
export interface Bundle {
  readonly metrics: readonly MetricsBatch[];
  readonly logs: readonly LogsBatch[];
}

/** Gives a bundle to the pipelines that want it: all of it is examined before any of it is consumed. */
export function handOn(next: Next, { metrics, logs }: Bundle, delivery: Delivery): void | Promise<void> {
  examineAll(next.metrics, metrics);
  examineAll(next.logs, logs);
  const waiting = consumeAll(next.metrics, metrics, delivery);
  return waiting === undefined
    ? consumeAll(next.logs, logs, delivery)
    : waiting.then(() => consumeAll(next.logs, logs, delivery));
}

function examineAll<S extends Signal>(port: Consumer<S> | undefined, batches: readonly Batches[S][]): void {
  if (port?.examine === undefined) return;
  for (const batch of batches) {
    const refusal = port.examine(batch);
    if (refusal !== undefined) throw refusal;
  }
}

/** In order; stays synchronous for as long as no consumer has to wait. */
function consumeAll<S extends Signal>(
  port: Consumer<S> | undefined,
  batches: readonly Batches[S][],
  delivery: Delivery,
  from = 0,
): void | Promise<void> {
  if (port === undefined) return;
  for (let index = from; index < batches.length; index++) {
    const waiting = port.consume(batches[index]!, delivery);
    if (waiting !== undefined) return waiting.then(() => consumeAll(port, batches, delivery, index + 1));
  }
}
