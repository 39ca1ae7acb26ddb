import type { Consumer, Delivery, Load } from "../component/delivery.ts";
import type { Counter, Meter } from "../component/meter.ts";
import type { Refusal } from "../component/refusal.ts";
import type { Batches, Signal } from "../model/signal.ts";
import {
  CONNECTOR_CONSUMED,
  CONNECTOR_PRODUCED,
  EXPORTER_SEND_FAILED,
  EXPORTER_SENT,
  PROCESSOR_INCOMING,
  PROCESSOR_OUTGOING,
  RECEIVER_ACCEPTED,
  RECEIVER_REFUSED,
} from "./metrics.ts";
import type { RunningDelivery } from "./running-delivery.ts";

/**
 * The one wrapper around every component's two sides, so that none can forget to count, and none can hide from those in
 * front of it whom it stands before.
 *
 * Items count when their delivery is taken, so that the numbers of one component add up with those of the next whatever
 * is refused in between. A component's meter carries its id.
 */

/** What a receiver hands on: accepted when the delivery is taken, refused when it is not. */
export function receiverNext<S extends Signal>(signal: S, next: Consumer<S>, meter: Meter): Consumer<S> {
  const byTransport = (description: typeof RECEIVER_ACCEPTED.metrics) => {
    const counters = new Map<string, Counter>();
    return ({ peer: { transport } }: Delivery) => {
      let counter = counters.get(transport);
      if (counter === undefined) {
        counter = meter.counter(description, { transport });
        counters.set(transport, counter);
      }
      return counter;
    };
  };
  const accepted = byTransport(RECEIVER_ACCEPTED[signal]);
  const refused = byTransport(RECEIVER_REFUSED[signal]);
  return counting(signal, next, { taken: accepted, refused, failed: refused });
}

export function processorConsumer<S extends Signal>(
  signal: S,
  processor: Consumer<S>,
  next: Consumer<S>,
  options: { readonly meter: Meter; readonly passesUnchanged: boolean },
): Consumer<S> {
  const incoming = options.meter.counter(PROCESSOR_INCOMING, { "otel.signal": signal });
  const counted = counting(signal, processor, { taken: () => incoming });
  return {
    consume: counted.consume,
    admit: (upperBound) => processor.admit?.(upperBound) ?? next.admit?.(upperBound),
    // Behind a processor that changes batches nobody has seen what the batch will be, so nobody can be asked.
    examine: (batch) => processor.examine?.(batch) ?? (options.passesUnchanged ? next.examine?.(batch) : undefined),
  };
}

export function processorNext<S extends Signal>(signal: S, next: Consumer<S>, meter: Meter): Consumer<S> {
  const outgoing = meter.counter(PROCESSOR_OUTGOING, { "otel.signal": signal });
  return counting(signal, next, { taken: () => outgoing });
}

export function connectorConsumer<S extends Signal>(
  signal: S,
  connector: Consumer<S>,
  nexts: readonly Consumer<Signal>[],
  meter: Meter,
): Consumer<S> {
  const consumed = meter.counter(CONNECTOR_CONSUMED, { "otel.signal": signal });
  const counted = counting(signal, connector, { taken: () => consumed });
  return {
    consume: counted.consume,
    admit(upperBound: Load): Refusal | undefined {
      let refusal = connector.admit?.(upperBound);
      for (const next of nexts) refusal ??= next.admit?.(upperBound);
      return refusal;
    },
    examine: (batch) => connector.examine?.(batch),
  };
}

export function connectorNext<S extends Signal>(signal: S, next: Consumer<S>, meter: Meter): Consumer<S> {
  const produced = meter.counter(CONNECTOR_PRODUCED, { "otel.signal": signal });
  return counting(signal, next, { taken: () => produced });
}

/** Sent when the delivery is taken; failed when the exporter itself refused it. */
export function exporterConsumer<S extends Signal>(signal: S, exporter: Consumer<S>, meter: Meter): Consumer<S> {
  const sent = meter.counter(EXPORTER_SENT[signal]);
  const failed = meter.counter(EXPORTER_SEND_FAILED[signal]);
  return counting(signal, exporter, { taken: () => sent, failed: () => failed });
}

/**
 * `taken` counts when the delivery is taken, `refused` when it is not, `failed` when `inner` itself refuses. Every
 * delivery that passes here was begun by the engine, which does the counting.
 */
function counting<S extends Signal>(signal: S, inner: Consumer<S>, counters: Counters): Consumer<S> {
  const passed = (items: number, delivery: Delivery) => {
    (delivery as RunningDelivery).count(counters.taken(delivery), counters.refused?.(delivery), items);
  };
  const failed = (items: number, delivery: Delivery, thrown: unknown): never => {
    const counter = counters.failed?.(delivery);
    if (counter !== undefined) counter.value += items;
    throw thrown;
  };
  return {
    consume(batch: Batches[S], delivery: Delivery) {
      const items = (delivery as RunningDelivery).itemCount(signal, batch);
      let consuming: void | Promise<void>;
      try {
        consuming = inner.consume(batch, delivery);
      } catch (thrown) {
        return failed(items, delivery, thrown);
      }
      if (consuming === undefined) return passed(items, delivery);
      return consuming.then(
        () => passed(items, delivery),
        (thrown: unknown) => failed(items, delivery, thrown),
      );
    },
    admit: (upperBound) => inner.admit?.(upperBound),
    examine: (batch) => inner.examine?.(batch),
  };
}

interface Counters {
  taken(delivery: Delivery): Counter;
  refused?(delivery: Delivery): Counter;
  failed?(delivery: Delivery): Counter;
}
