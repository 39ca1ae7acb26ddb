import type { Attributes } from "./attributes.ts";
import type { Series, Stream } from "./series.ts";
import type { SourceFacts } from "./source-facts.ts";

/** One value of one series. Times are milliseconds since the epoch with a fraction; `start` 0 means unknown. */
export interface Point {
  readonly series: Series;
  readonly start: number;
  readonly time: number;
  readonly value: PointValue;
  readonly extra?: PointExtra;
}

/** A number for sums and gauges; for the other types of metrics what they are made of. */
export type PointValue = number | Histogram | ExponentialHistogram | Summary;

/**
 * Values of several series that were taken at one time, such as all counts of one client: the way of everything that
 * comes in streams. A row costs what a point does, however many values it has, and whoever wants the whole of it (the
 * last totals of a client) keeps one reference. Times are those of a point.
 *
 * A class, because V8 watches literals: once their objects live for a while, it makes all of them in the old space. The
 * last row of a stream lives until the next one, and would be garbage there until a full collection.
 */
export class Row {
  /** At least one; the same list each time, so that what depends on it is remembered with the first of them. */
  readonly series: readonly Series[];
  readonly start: number;
  readonly time: number;
  /** One for each of the series; NaN where there is none this time. */
  readonly values: readonly number[];
  /**
   * The stream that the list was made for, of its own series or others, where the maker had it at hand: what is remembered
   * of the list is found by it without a look at the list. Whose series they are says `streamOf`.
   */
  readonly stream?: Stream | undefined;

  constructor(series: readonly Series[], start: number, time: number, values: readonly number[], stream?: Stream) {
    this.series = series;
    this.start = start;
    this.time = time;
    this.values = values;
    this.stream = stream;
  }
}

/** The stream whose series a row has; undefined where they are nobody's. */
export function streamOf({ stream, series }: Row): Stream | undefined {
  return stream?.series === series ? stream : series[0]!.stream;
}

export function isRow(value: Row | Point | undefined): value is Row {
  return value !== undefined && "values" in value;
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

/** A histogram whose buckets grow by a factor: bucket `index` ends at 2^(2^-scale * (index + 1)). */
export interface ExponentialHistogram {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly scale: number;
  /** Values that are not further from zero than `zeroThreshold`. */
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

/** `counts[0]` belongs to the bucket with the index `offset`. */
export interface ExponentialBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

/** Quantiles that somebody else worked out. */
export interface Summary {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export function isHistogram(value: PointValue): value is Histogram {
  return typeof value === "object" && "bounds" in value;
}

export function isExponentialHistogram(value: PointValue): value is ExponentialHistogram {
  return typeof value === "object" && "scale" in value;
}

export function isSummary(value: PointValue): value is Summary {
  return typeof value === "object" && "quantiles" in value;
}

/**
 * Rows and points that travel together. Neither the batch nor anything in it changes once made, so branches share it.
 *
 * A series that belongs to a stream comes in rows of its stream's series, never as a point: whoever leaves some of them
 * out writes NaN in their places. That one of them has no value from now on is a point, for it is rare.
 */
export interface MetricsBatch {
  readonly rows: readonly Row[];
  readonly points: readonly Point[];
  /** The facts of the one report that all this comes from; absent for data without a GOST behind it. */
  readonly source?: SourceFacts | undefined;
  /**
   * Rows of that report that were left out as counted before, where nobody knows whether they were: for whoever tells by
   * how much totals could be too low.
   */
  readonly assumedRepeat?: readonly Row[] | undefined;
}

/** The values of a row as points, for whoever wants to look at each. */
export function pointsOf({ series, start, time, values }: Row): Point[] {
  const points: Point[] = [];
  for (let index = 0; index < series.length; index++) {
    const value = values[index]!;
    if (!Number.isNaN(value)) points.push({ series: series[index]!, start, time, value });
  }
  return points;
}

/** Whether each of the series has a value this time. */
export function isWhole({ values }: Row): boolean {
  for (let index = 0; index < values.length; index++) if (Number.isNaN(values[index]!)) return false;
  return true;
}

/** A row with the values of the one before it where it has none; the row itself where it lacks nothing. */
export function filledFrom(before: Row | Point | undefined, row: Row): Row {
  if (!isRow(before) || before.series !== row.series || isWhole(row)) return row;
  const values = row.values.map((value, index) => (Number.isNaN(value) ? before.values[index]! : value));
  return new Row(row.series, row.start, row.time, values);
}

/** Everything in a batch as points. */
export function allPoints({ rows, points }: MetricsBatch): readonly Point[] {
  return rows.length === 0 ? points : [...rows.flatMap(pointsOf), ...points];
}

/** How many points there are in a batch. */
export function pointCount({ rows, points }: MetricsBatch): number {
  let count = points.length;
  for (const { values } of rows) {
    for (let index = 0; index < values.length; index++) if (!Number.isNaN(values[index]!)) count++;
  }
  return count;
}
