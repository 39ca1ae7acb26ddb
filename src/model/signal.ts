import type { LogsBatch } from "./log-records.ts";
import { type MetricsBatch, pointCount } from "./points.ts";
import type { TracesBatch } from "./spans.ts";

export const SIGNALS = ["metrics", "traces", "logs"] as const;

export type Signal = (typeof SIGNALS)[number];

/** The batch type of each signal. */
export interface Batches {
  readonly metrics: MetricsBatch;
  readonly traces: TracesBatch;
  readonly logs: LogsBatch;
}

const COUNT: { readonly [S in Signal]: (batch: Batches[S]) => number } = {
  metrics: pointCount,
  traces: (batch) => batch.spans.length,
  logs: (batch) => batch.records.length,
};

/** How many items (points, those of rows among them, spans, log records) a batch holds: the unit that the agent counts in. */
export function itemCount<S extends Signal>(signal: S, batch: Batches[S]): number {
  return COUNT[signal](batch);
}
