import type { Counter, Meter, MetricDescription } from "../../component/meter.ts";
import { SIGNALS, type Signal } from "../../model/signal.ts";
import { perSignal } from "../item-metrics.ts";
import type { BreakerState } from "./circuit-breaker.ts";

const SENT = perSignal("otelcol_exporter_sent", (items) => `${items} that the backend took`);
const FAILED = perSignal("otelcol_exporter_send_failed", (items) => `${items} that were given up, for every reason`);
const ENQUEUE_FAILED = perSignal(
  "otelcol_exporter_enqueue_failed",
  (items) => `${items} that a full queue refused or dropped`,
);

const QUEUE_SIZE: MetricDescription = {
  name: "otelcol_exporter_queue_size",
  description: "What waits and what is being sent, in the unit of the queue's sizer",
  unit: "{request}",
};
const QUEUE_CAPACITY: MetricDescription = {
  name: "otelcol_exporter_queue_capacity",
  description: "The most that the queue holds, in the unit of its sizer",
  unit: "{request}",
};
const IN_FLIGHT: MetricDescription = {
  name: "otelcol_exporter_in_flight_requests",
  description: "Requests that are being sent",
  unit: "{request}",
};
const ATTEMPTS: MetricDescription = {
  name: "gostcol_exporter_attempts",
  description: "Attempts to send by their outcome: success, partial, retryable, permanent",
  unit: "{attempt}",
};
const DROPPED: MetricDescription = {
  name: "gostcol_exporter_dropped_items",
  description:
    "Items that were given up, by reason; where dead letters are kept they are there, but for those counted as lost",
  unit: "{item}",
};
const DEAD_LETTERS: MetricDescription = {
  name: "gostcol_exporter_dead_letter_items",
  description: "Items that were given up and went to the dead letters, by outcome: kept, lost",
  unit: "{item}",
};
const BREAKER: MetricDescription = {
  name: "gostcol_exporter_circuit_breaker_state",
  description: "1 for the state (closed, open, half_open) that the circuit breaker is in, 0 for the others",
  unit: "",
};

/** The own metrics of an exporter with a send chain, for its definition. */
export const SEND_TELEMETRY: readonly MetricDescription[] = [
  ...SIGNALS.flatMap((signal) => [SENT[signal], FAILED[signal], ENQUEUE_FAILED[signal]]),
  QUEUE_SIZE,
  QUEUE_CAPACITY,
  IN_FLIGHT,
  ATTEMPTS,
  DROPPED,
  DEAD_LETTERS,
  BREAKER,
];

export type AttemptOutcome = "success" | "partial" | "retryable" | "permanent";

/** What one chain counts: nothing of a signal that never comes. */
export class SendTelemetry {
  readonly #meter: Meter;
  readonly #signal: Signal;

  constructor(meter: Meter, signal: Signal) {
    this.#meter = meter;
    this.#signal = signal;
  }

  get sent(): Counter {
    return this.#meter.counter(SENT[this.#signal]);
  }

  get failed(): Counter {
    return this.#meter.counter(FAILED[this.#signal]);
  }

  get enqueueFailed(): Counter {
    return this.#meter.counter(ENQUEUE_FAILED[this.#signal]);
  }

  attempted(outcome: AttemptOutcome): void {
    this.#meter.counter(ATTEMPTS, { data_type: this.#signal, outcome }).value++;
  }

  /** Items that no backend will ever get. */
  dropped(reason: string, items: number): void {
    this.#meter.counter(DROPPED, { data_type: this.#signal, reason }).value += items;
    this.failed.value += items;
  }

  deadLetters(outcome: "kept" | "lost", items: number): void {
    this.#meter.counter(DEAD_LETTERS, { data_type: this.#signal, outcome }).value += items;
  }

  showQueue(read: { size(): number; capacity: number; inFlight(): number }): () => void {
    const attributes = { data_type: this.#signal };
    // So that a rate can be worked out from the first one on.
    for (const counter of [this.sent, this.failed, this.enqueueFailed]) counter.value += 0;
    const gauges = [
      this.#meter.gauge(QUEUE_SIZE, () => [{ value: read.size(), attributes }]),
      this.#meter.gauge(QUEUE_CAPACITY, () => [{ value: read.capacity, attributes }]),
      this.#meter.gauge(IN_FLIGHT, () => [{ value: read.inFlight(), attributes }]),
    ];
    return () => {
      for (const stop of gauges) stop();
    };
  }
}

export function showBreaker(meter: Meter, state: () => BreakerState): () => void {
  return meter.gauge(BREAKER, () =>
    (["closed", "open", "half_open"] as const).map((each) => ({
      value: each === state() ? 1 : 0,
      attributes: { state: each },
    })),
  );
}
