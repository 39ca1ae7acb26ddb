import type { Attributes } from "../model/attributes.ts";

/**
 * A component's own numbers. Counting adds to a plain number; whoever reads the agent's metrics reads that number then,
 * so the data path never calls a metrics library. The component's id is added as an attribute by the graph.
 */
export interface Meter {
  /** Asked for again with the same name and attributes it is the same counter. */
  counter(description: MetricDescription, attributes?: Attributes): Counter;
  /** `read` is called for each collection until the returned function is called. */
  gauge(description: MetricDescription, read: () => Iterable<Reading>): () => void;
}

/** `name` in full, with its prefix (`gostcol_`, or the Collector's `otelcol_`), without `_total`. */
export interface MetricDescription {
  readonly name: string;
  readonly description: string;
  /** UCUM, as OpenTelemetry writes units. */
  readonly unit: string;
}

export interface Counter {
  value: number;
}

export interface Reading {
  readonly value: number;
  readonly attributes?: Attributes;
}
