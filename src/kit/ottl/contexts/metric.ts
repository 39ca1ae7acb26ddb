import type { Metric, MetricType, Temporality } from "../../../model/series.ts";
import { context, type Enums, type Path, type Paths } from "./context.ts";
import { type ScopeSubject, upperPaths } from "./scope.ts";
import { boolean, named, text } from "./writing.ts";

/** What all points of a metric have in common. A `Series` is one. */
export interface MetricSubject extends ScopeSubject {
  readonly metric: Metric;
}

const TYPES: Readonly<Record<MetricType, number>> = {
  gauge: 1,
  sum: 2,
  histogram: 3,
  exponential_histogram: 4,
  summary: 5,
};
const TEMPORALITIES: Readonly<Record<Temporality, number>> = { unspecified: 0, delta: 1, cumulative: 2 };

export const METRIC_ENUMS: Enums = {
  METRIC_DATA_TYPE_NONE: 0,
  METRIC_DATA_TYPE_GAUGE: TYPES.gauge,
  METRIC_DATA_TYPE_SUM: TYPES.sum,
  METRIC_DATA_TYPE_HISTOGRAM: TYPES.histogram,
  METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM: TYPES.exponential_histogram,
  METRIC_DATA_TYPE_SUMMARY: TYPES.summary,
  AGGREGATION_TEMPORALITY_UNSPECIFIED: TEMPORALITIES.unspecified,
  AGGREGATION_TEMPORALITY_DELTA: TEMPORALITIES.delta,
  AGGREGATION_TEMPORALITY_CUMULATIVE: TEMPORALITIES.cumulative,
};

export function metricPaths<S extends MetricSubject>(): Paths<S> {
  return {
    name: textField("name"),
    description: textField("description"),
    unit: textField("unit"),
    type: { type: "int", reach: "metric", indexable: false, read: ({ metric }) => TYPES[metric.type] },
    aggregation_temporality: {
      type: "int",
      reach: "metric",
      indexable: false,
      read: ({ metric }) => (hasTemporality(metric) ? TEMPORALITIES[metric.temporality] : undefined),
      write: (subject, value) =>
        hasTemporality(subject.metric)
          ? { ...subject, metric: { ...subject.metric, temporality: named(value, TEMPORALITIES) } }
          : subject,
    },
    is_monotonic: {
      type: "boolean",
      reach: "metric",
      indexable: false,
      read: ({ metric }) => (metric.type === "sum" ? metric.monotonic : undefined),
      write: (subject, value) =>
        subject.metric.type === "sum"
          ? { ...subject, metric: { ...subject.metric, monotonic: boolean(value) } }
          : subject,
    },
  };
}

function textField<S extends MetricSubject>(field: "name" | "description" | "unit"): Path<S> {
  return {
    type: "string",
    reach: "metric",
    indexable: false,
    read: ({ metric }) => metric[field],
    write: (subject, value) => ({ ...subject, metric: { ...subject.metric, [field]: text(value) } }),
  };
}

const hasTemporality = ({ type }: Metric): boolean => type !== "gauge" && type !== "summary";

export const metricContext = context<MetricSubject>("metric", metricPaths(), upperPaths(), METRIC_ENUMS);
