import type { Attributes } from "../../../model/attributes.ts";
import type { PointExtra, PointValue } from "../../../model/points.ts";
import { int, type Value } from "../value.ts";
import { context, type Path, type Paths, within } from "./context.ts";
import { METRIC_ENUMS, type MetricSubject, metricPaths } from "./metric.ts";
import { upperPaths } from "./scope.ts";
import { anyNumber, attributes, nanoseconds, wholeNumber } from "./writing.ts";

/** A series as far as it is described here: what a statement changed has not been interned yet. */
export interface SeriesDescription extends MetricSubject {
  readonly attributes: Attributes;
}

/** A data point; a `Point` of the model is one. */
export interface DataPoint {
  readonly series: SeriesDescription;
  readonly start: number;
  readonly time: number;
  readonly value: PointValue;
  readonly extra?: PointExtra;
}

const NO_RECORDED_VALUE = 1;

const OWN: Paths<DataPoint> = {
  attributes: {
    type: "map",
    reach: "series",
    indexable: true,
    read: ({ series }) => series.attributes,
    write: (point, value) => ({ ...point, series: { ...point.series, attributes: attributes(value) } }),
  },
  value_int: number("int"),
  value_double: number("double"),
  start_time_unix_nano: time("start", "startNanos"),
  time_unix_nano: time("time", "timeNanos"),
  flags: {
    type: "int",
    reach: "item",
    indexable: false,
    read: ({ extra }) => (extra?.noRecordedValue === true ? NO_RECORDED_VALUE : 0),
  },
  count: distribution("int", ({ count }) => count),
  sum: distribution("double", ({ sum }) => sum ?? 0),
};

/**
 * As in the Collector, the number of the kind that the point is not is 0. Writing one makes
 * the metric of that kind. Histograms and summaries have neither.
 */
function number(kind: "int" | "double"): Path<DataPoint> {
  return {
    type: kind,
    reach: "item",
    indexable: false,
    read: ({ series, value }) => {
      if (typeof value !== "number") return undefined;
      if (series.metric.number !== kind) return 0;
      return kind === "double" || Number.isSafeInteger(value) ? value : int(BigInt(Math.trunc(value)));
    },
    write: (point, value) => {
      if (typeof point.value !== "number") return point;
      const written = kind === "int" ? Number(wholeNumber(value)) : anyNumber(value);
      const { series } = point;
      if (series.metric.number === kind) return { ...point, value: written };
      return { ...point, value: written, series: { ...series, metric: { ...series.metric, number: kind } } };
    },
  };
}

function time(field: "start" | "time", exactly: "startNanos" | "timeNanos"): Path<DataPoint> {
  return {
    type: "int",
    reach: "item",
    indexable: false,
    read: (point) => int(point.extra?.[exactly] ?? nanosOf(point[field])),
    write: (point, value) => {
      const nanos = nanoseconds(value);
      return { ...point, [field]: Number(nanos) / 1e6, extra: { ...point.extra, [exactly]: nanos } };
    },
  };
}

function nanosOf(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6));
}

/** What histograms and summaries have. */
function distribution(type: "int" | "double", read: (value: Exclude<PointValue, number>) => Value): Path<DataPoint> {
  return {
    type,
    reach: "item",
    indexable: false,
    read: ({ value }) => (typeof value === "number" ? undefined : read(value)),
  };
}

/** Paths of what a series knows, as paths of its point. */
const ofSeries = (paths: Paths<SeriesDescription>): Paths<DataPoint> =>
  within(
    paths,
    ({ series }: DataPoint) => series,
    (point, series) => ({ ...point, series }),
  );

const above = { metric: metricPaths<SeriesDescription>(), ...upperPaths<SeriesDescription>() };

export const datapointContext = context<DataPoint>(
  "datapoint",
  OWN,
  Object.fromEntries(Object.entries(above).map(([name, paths]) => [name, ofSeries(paths)])),
  { ...METRIC_ENUMS, FLAG_NONE: 0, FLAG_NO_RECORDED_VALUE: NO_RECORDED_VALUE },
);
