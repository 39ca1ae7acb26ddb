import {
  allPoints,
  type ExponentialBuckets,
  isExponentialHistogram,
  isSummary,
  type MetricsBatch,
  type Point,
  type PointValue,
} from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import { byResource, byScope, indented, type SignalText } from "./signal-text.ts";
import { attributesText, counted, quantity, timeText, word } from "./words.ts";

export const metricsText: SignalText<MetricsBatch> = {
  count(batch) {
    const points = allPoints(batch);
    const resources = new Set(points.map(({ series }) => series.resource)).size;
    const metrics = new Set(points.map(({ series }) => series.metric)).size;
    return [counted(resources, "resource"), counted(metrics, "metric"), counted(points.length, "data point")];
  },

  lines: (batch) =>
    byResource(allPoints(batch), resourceOf, (group) =>
      group.map((point) => `${seriesText(point)} ${valueText(point)}`),
    ),

  details: (batch) =>
    byResource(allPoints(batch), resourceOf, (group) =>
      byScope(group, scopeOf, (ofScope) =>
        [...Map.groupBy(ofScope, ({ series }) => series.metric)].flatMap(([metric, ofMetric]) => [
          metricText(metric),
          ...indented(ofMetric.flatMap(pointDetails)),
        ]),
      ),
    ),
};

const resourceOf = ({ series }: Point) => series.resource;
const scopeOf = ({ series }: Point) => series.scope;

function metricText({ name, unit, description, type, monotonic, temporality, number }: Metric): string {
  const kind = type === "gauge" ? [type] : [temporality, ...(type === "sum" && monotonic ? ["monotonic"] : []), type];
  const about = description === "" ? "" : `: ${word(description)}`;
  return `${word(name)} (${[...kind, `of ${number}s`].join(" ")}${unit === "" ? "" : `, in ${word(unit)}`})${about}`;
}

function pointDetails(point: Point): string[] {
  const { start, time, extra, value } = point;
  const lines = [`{${attributesText(point.series.attributes)}} ${valueText(point)}`];
  lines.push(`  at ${timeText(time)}, since ${timeText(start)}`);
  if (typeof value !== "number") lines.push(...bucketLines(value));
  for (const exemplar of extra?.exemplars ?? []) {
    const ids = [exemplar.traceId && `trace ${exemplar.traceId}`, exemplar.spanId && `span ${exemplar.spanId}`];
    const rest = [...ids, attributesText(exemplar.attributes)].filter(Boolean).join(" ");
    lines.push(`  exemplar ${exemplar.value} at ${timeText(exemplar.time)} ${rest}`.trimEnd());
  }
  return lines;
}

function bucketLines(value: Exclude<PointValue, number>): string[] {
  if (isSummary(value)) return value.quantiles.map(({ quantile, value }) => `  quantile ${quantile}: ${value}`);
  if (isExponentialHistogram(value)) {
    const { scale, zeroCount, positive, negative } = value;
    const side = ({ offset, counts }: ExponentialBuckets) => `from ${offset}: ${counts.join(" ") || "none"}`;
    return [
      `  scale ${scale}, around zero: ${zeroCount}`,
      `  positive ${side(positive)}`,
      `  negative ${side(negative)}`,
    ];
  }
  const { bounds, counts } = value;
  return counts.map((count, bucket) => {
    const bound = bounds[bucket];
    return `  ${bound === undefined ? `above ${bounds.at(-1) ?? "all"}` : `up to ${bound}`}: ${count}`;
  });
}

function seriesText({ series: { metric, attributes } }: Point): string {
  return `${word(metric.name)}{${attributesText(attributes)}}`;
}

function valueText({ value, series, extra }: Point): string {
  if (extra?.noRecordedValue) return "no value any more";
  const { unit } = series.metric;
  if (typeof value === "number") return quantity(value, unit);
  const parts = [`count ${value.count}`];
  if (value.sum !== undefined) parts.push(`sum ${quantity(value.sum, unit)}`);
  if (isSummary(value)) return parts.join(", ");
  if (value.min !== undefined) parts.push(`min ${quantity(value.min, unit)}`);
  if (value.max !== undefined) parts.push(`max ${quantity(value.max, unit)}`);
  return parts.join(", ");
}
