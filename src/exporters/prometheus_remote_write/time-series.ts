import type { FamilyDescription } from "../../kit/prometheus/family.ts";
import type { Labels } from "../../kit/prometheus/labels.ts";
import type { Exemplar } from "../../model/points.ts";

/** A series as Prometheus knows it, with what one request writes of it. */
export interface TimeSeries {
  readonly labels: LabelSet;
  /** What the metric is. */
  readonly family: FamilyDescription;
  /** Oldest first, each later than the one before. */
  readonly samples: readonly Sample[];
  readonly exemplars: readonly Exemplar[];
}

export interface Sample {
  /** `stale`: the series has no value from here on. */
  readonly value: number | "stale";
  /** Whole milliseconds since the epoch. */
  readonly timeMs: number;
  /** When it began to count, or 0. */
  readonly startMs: number;
}

/** Names and values in turns, in the order of the names' bytes. The same list each time for the same series. */
export type LabelSet = readonly string[];

export function labelSet(name: string, labels: Labels, more: Labels = {}): LabelSet {
  return Object.entries({ ...labels, ...more, __name__: name })
    .sort(([left], [right]) => Buffer.compare(Buffer.from(left), Buffer.from(right)))
    .flat();
}

/** What an exemplar is told to belong to. */
export function exemplarLabels({ traceId, spanId }: Exemplar): LabelSet {
  return [
    ...(spanId === undefined ? [] : ["span_id", spanId]),
    ...(traceId === undefined ? [] : ["trace_id", traceId]),
  ];
}
