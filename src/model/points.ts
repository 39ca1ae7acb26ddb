import type { Attributes } from "./attributes.ts";
import type { Series } from "./series.ts";
import type { SourceFacts } from "./source-facts.ts";

/** One value of one series. Times are milliseconds since the epoch with a fraction; `start` 0 means unknown. */
export interface Point {
  readonly series: Series;
  readonly start: number;
  readonly time: number;
  readonly value: number | Histogram;
  readonly extra?: PointExtra;
}

/** What few points have. */
export interface PointExtra {
  /** OTLP's data point flag: the series has no value from now on. */
  readonly noRecordedValue?: boolean;
  readonly exemplars?: readonly Exemplar[];
  /** Exact nanoseconds, where milliseconds with a fraction are not exact enough to be passed on. */
  readonly startNanos?: bigint;
  readonly timeNanos?: bigint;
}

export interface Exemplar {
  readonly time: number;
  readonly value: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Attributes;
}

/** An explicit-bucket histogram: `counts` has one entry more than `bounds`. */
export interface Histogram {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

/** Points that travel together. Neither the batch nor anything in it changes once made, so branches share it. */
export interface MetricsBatch {
  readonly points: readonly Point[];
  /** The facts of the one report that the points come from; absent for data without a GOST behind it. */
  readonly source?: SourceFacts;
}
