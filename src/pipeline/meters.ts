import type { Counter, Meter, MetricDescription, Reading } from "../component/meter.ts";
import { type Attributes, attributesKey, NO_ATTRIBUTES } from "../model/attributes.ts";

/** One of the agent's own metrics, as it stands. */
export interface OwnMetric {
  readonly description: MetricDescription;
  readonly type: "counter" | "gauge";
  /** Calls the gauges' `read` functions. */
  readings(): readonly Required<Reading>[];
}

/** The agent's own numbers: plain ones, that are read when somebody looks. */
export class Meters {
  readonly #metrics = new Map<string, MetricNumbers>();

  /** A meter that adds these attributes to everything. */
  meter(base: Attributes): Meter {
    return {
      counter: (description, attributes = NO_ATTRIBUTES) =>
        this.#metric(description, "counter").counter({ ...base, ...attributes }),
      gauge: (description, read) => this.#metric(description, "gauge").gauge(base, read),
    };
  }

  /** All metrics in the order in which they were first asked for. */
  metrics(): Iterable<OwnMetric> {
    return this.#metrics.values();
  }

  /** The sum of a counter over all attributes that include these; 0 where there is none. */
  total(name: string, attributes: Attributes = NO_ATTRIBUTES): number {
    const wanted = Object.entries(attributes);
    let sum = 0;
    for (const reading of this.#metrics.get(name)?.readings() ?? []) {
      if (wanted.every(([key, value]) => reading.attributes[key] === value)) sum += reading.value;
    }
    return sum;
  }

  #metric(description: MetricDescription, type: "counter" | "gauge"): MetricNumbers {
    let metric = this.#metrics.get(description.name);
    if (metric === undefined) {
      metric = new MetricNumbers(description, type);
      this.#metrics.set(description.name, metric);
    }
    if (metric.type !== type) throw new Error(`BUG: ${description.name} is a ${metric.type} and a ${type}`);
    return metric;
  }
}

class MetricNumbers implements OwnMetric {
  readonly description: MetricDescription;
  readonly type: "counter" | "gauge";
  readonly #counters = new Map<string, Counter & { readonly attributes: Attributes }>();
  readonly #gauges = new Set<{ readonly base: Attributes; readonly read: () => Iterable<Reading> }>();

  constructor(description: MetricDescription, type: "counter" | "gauge") {
    this.description = description;
    this.type = type;
  }

  counter(attributes: Attributes): Counter {
    const key = attributesKey(attributes);
    let counter = this.#counters.get(key);
    if (counter === undefined) {
      counter = { value: 0, attributes };
      this.#counters.set(key, counter);
    }
    return counter;
  }

  gauge(base: Attributes, read: () => Iterable<Reading>): () => void {
    const gauge = { base, read };
    this.#gauges.add(gauge);
    return () => {
      this.#gauges.delete(gauge);
    };
  }

  readings(): readonly Required<Reading>[] {
    const readings: Required<Reading>[] = [...this.#counters.values()];
    for (const { base, read } of this.#gauges) {
      for (const { value, attributes } of read()) readings.push({ value, attributes: { ...base, ...attributes } });
    }
    return readings;
  }
}
