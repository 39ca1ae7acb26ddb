import {
  type ExponentialHistogram,
  type Histogram,
  isExponentialHistogram,
  isHistogram,
  isSummary,
  type PointValue,
  type Summary,
} from "../../../model/points.ts";
import type { Metric } from "../../../model/series.ts";
import type { DataPoint } from "../contexts/datapoint.ts";
import type { MetricSubject } from "../contexts/metric.ts";
import { EvaluationError } from "../errors.ts";
import { fixedBoolean, fixedNumber, fixedText, oneOf, optional, text } from "../parameters.ts";
import { type Editor, editor } from "./function.ts";

type Text = ((subject: unknown) => string) | undefined;

const optionalText = () => optional<Text>(text(), undefined);

/** What statements can do with a metric as a whole. Names, arguments and meaning are those of the Collector's transform processor. */
export const METRIC_EDITORS: readonly Editor[] = [
  editor({
    name: "convert_sum_to_gauge",
    summary: "Makes a gauge of a sum; of anything else nothing.",
    context: "metric",
    parameters: {},
    make: () =>
      ofMetric((metric) =>
        metric.type === "sum" ? { ...metric, type: "gauge", monotonic: false, temporality: "unspecified" } : metric,
      ),
  }),
  editor({
    name: "convert_gauge_to_sum",
    summary: "Makes a sum of a gauge; of anything else nothing.",
    context: "metric",
    parameters: { aggregation_temporality: oneOf("cumulative", "delta"), is_monotonic: fixedBoolean() },
    make: ({ aggregation_temporality: temporality, is_monotonic: monotonic }) =>
      ofMetric((metric) => (metric.type === "gauge" ? { ...metric, type: "sum", monotonic, temporality } : metric)),
  }),
  editor({
    name: "scale_metric",
    summary:
      "Multiplies values, whole ones without what is behind the point; of histograms and summaries what has a unit.",
    context: "metric",
    parameters: { multiplier: fixedNumber(), unit: optionalText() },
    make: ({ multiplier, unit }) => ({
      ofPoint: (point: DataPoint) => [
        withMetric({ ...point, value: scaled(point, multiplier) }, { unit: unit?.(point.series) }),
      ],
    }),
  }),
  editor({
    name: "copy_metric",
    summary: "Adds the same metric once more, under another name, description or unit.",
    context: "metric",
    parameters: { name: optionalText(), description: optionalText(), unit: optionalText() },
    make: (args) => ({
      ofPoint: (point: DataPoint) => {
        const told = Object.entries(args).map(([field, get]) => [field, get?.(point.series)]);
        return [point, withMetric(point, Object.fromEntries(told))];
      },
    }),
  }),
  editor({
    name: "extract_sum_metric",
    summary: "Adds the sums of histograms and summaries as a metric of its own.",
    context: "metric",
    parameters: { is_monotonic: fixedBoolean(), suffix: optional(fixedText(), "_sum") },
    make: ({ is_monotonic: monotonic, suffix }) => ({
      ofPoint: (point: DataPoint) => extracted(point, { monotonic, suffix, number: "double" }, ({ sum }) => sum),
    }),
  }),
  editor({
    name: "extract_count_metric",
    summary: "Adds the counts of histograms and summaries as a metric of its own.",
    context: "metric",
    parameters: { is_monotonic: fixedBoolean(), suffix: optional(fixedText(), "_count") },
    make: ({ is_monotonic: monotonic, suffix }) => ({
      ofPoint: (point: DataPoint) => extracted(point, { monotonic, suffix, number: "int" }, ({ count }) => count),
    }),
  }),
];

const ofMetric =
  (edit: (metric: Metric) => Metric) =>
  (subject: unknown): unknown => {
    const { metric } = subject as MetricSubject;
    const edited = edit(metric);
    return edited === metric ? subject : { ...(subject as MetricSubject), metric: edited };
  };

/** A point of another metric; undefined leaves a field as it is. */
function withMetric(
  point: DataPoint,
  fields: { readonly [Field in keyof Metric]?: Metric[Field] | undefined },
): DataPoint {
  const told = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  const { series } = point;
  return { ...point, series: { ...series, metric: { ...series.metric, ...told } } };
}

type Distribution = Histogram | ExponentialHistogram | Summary;

/** The point, and beside it one number of what it has; without that number none. */
function extracted(
  point: DataPoint,
  { suffix, ...fields }: { readonly suffix: string; readonly monotonic: boolean; readonly number: Metric["number"] },
  numberOf: (value: Distribution) => number | undefined,
): readonly DataPoint[] {
  const { value, series, start, time } = point;
  if (typeof value === "number") throw new EvaluationError("a number is neither a histogram nor a summary");
  const number = numberOf(value);
  if (number === undefined) return [point];
  const { name, type, temporality } = series.metric;
  const made = {
    ...fields,
    name: `${name}${suffix}`,
    type: "sum",
    temporality: type === "summary" ? "cumulative" : temporality,
  } as const;
  return [point, withMetric({ series, start, time, value: number }, made)];
}

function scaled({ series, value }: DataPoint, by: number): PointValue {
  if (typeof value === "number") return series.metric.number === "int" ? Math.trunc(value * by) : value * by;
  if (isSummary(value)) {
    const quantiles = value.quantiles.map(({ quantile, value: its }) => ({ quantile, value: its * by }));
    return { ...value, sum: value.sum * by, quantiles };
  }
  if (isExponentialHistogram(value) || !isHistogram(value)) {
    throw new EvaluationError("exponential histograms cannot be scaled");
  }
  const times = (field: "sum" | "min" | "max") => (value[field] === undefined ? {} : { [field]: value[field] * by });
  return {
    ...value,
    ...times("sum"),
    ...times("min"),
    ...times("max"),
    bounds: value.bounds.map((bound) => bound * by),
  };
}
