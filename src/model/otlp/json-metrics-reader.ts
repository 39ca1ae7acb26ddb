import type { SeriesSource } from "../limited-series.ts";
import type {
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogram,
  Histogram,
  MetricsBatch,
  Point,
  PointValue,
  Summary,
} from "../points.ts";
import type { Metric, MetricType, Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import { ItemBudget } from "./item-budget.ts";
import {
  attributesOf,
  choiceOf,
  doubleOf,
  doublesOf,
  flagOf,
  idOf,
  int32Of,
  int64Of,
  isPresent,
  type Json,
  msOf,
  objectOf,
  objectsOf,
  resourceOf,
  scopeOf,
  textOf,
  uint32Of,
  uint64Of,
  uint64sOf,
} from "./json-values.ts";

export interface JsonMetricsOptions {
  readonly table: SeriesTable;
  /** Where the series come from; points of those that it refuses are left out. The table itself by default. */
  readonly source?: SeriesSource;
  readonly items?: ItemBudget;
}

/** OTLP's `ExportMetricsServiceRequest` in JSON, as `MetricsReader` reads its bytes. Throws a `JsonError` where it is none. */
export function readMetricsJson(request: Json, options: JsonMetricsOptions): MetricsBatch {
  const { table, source = table, items = new ItemBudget() } = options;
  const points: Point[] = [];
  for (const ofResource of objectsOf(request, "resourceMetrics")) {
    const resource = resourceOf(ofResource, table);
    for (const ofScope of objectsOf(ofResource, "scopeMetrics")) {
      const place: Place = { table, source, items, resource, scope: scopeOf(ofScope, table) };
      for (const metric of objectsOf(ofScope, "metrics")) readMetric(metric, place, points);
    }
  }
  return { rows: [], points };
}

interface Place extends Required<JsonMetricsOptions> {
  readonly resource: Resource;
  readonly scope: Scope;
}

const MEMBERS: Readonly<Record<MetricType, string>> = {
  gauge: "gauge",
  sum: "sum",
  histogram: "histogram",
  exponential_histogram: "exponentialHistogram",
  summary: "summary",
};
const TYPES = Object.keys(MEMBERS) as readonly MetricType[];
const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;

function readMetric(of: Json, place: Place, points: Point[]): void {
  const { table, source, items, resource, scope } = place;
  const type = TYPES.find((each) => isPresent(of, MEMBERS[each]));
  if (type === undefined) return;
  const data = objectOf(of, MEMBERS[type]);
  const head = {
    name: textOf(of, "name"),
    description: textOf(of, "description"),
    unit: textOf(of, "unit"),
    type,
    monotonic: type === "sum" && flagOf(data, "isMonotonic"),
    temporality:
      type === "gauge" || type === "summary"
        ? "unspecified"
        : choiceOf(data, "aggregationTemporality", TEMPORALITIES, "AGGREGATION_TEMPORALITY_"),
  } as const;
  // OTLP tells for each point whether its number is whole, the model for each metric: so a metric can be two.
  const metrics: { int?: Metric; double?: Metric } = {};
  for (const point of objectsOf(data, "dataPoints")) {
    items.take();
    const isNumber = type === "gauge" || type === "sum";
    const number = isNumber && isPresent(point, "asInt") ? "int" : "double";
    metrics[number] ??= table.metric({ ...head, number });
    const exemplars = objectsOf(point, "exemplars").map((exemplar) => exemplarOf(exemplar, items));
    const value = isNumber ? numberOf(point) : READ[type](point);
    const extra = extraOf(exemplars, (uint32Of(point, "flags") & 1) === 1);
    const start = msOf(point, "startTimeUnixNano");
    const time = msOf(point, "timeUnixNano");
    const series = source.series(resource, scope, metrics[number], attributesOf(point));
    if (series !== undefined) points.push({ series, start, time, value, ...(extra !== undefined && { extra }) });
  }
}

function extraOf(exemplars: readonly Exemplar[], noRecordedValue: boolean): Point["extra"] {
  if (exemplars.length === 0 && !noRecordedValue) return undefined;
  return { ...(exemplars.length > 0 && { exemplars }), ...(noRecordedValue && { noRecordedValue }) };
}

const READ: Readonly<Record<Exclude<MetricType, "gauge" | "sum">, (point: Json) => PointValue>> = {
  histogram: (of): Histogram => ({
    ...distributionOf(of),
    bounds: doublesOf(of, "explicitBounds"),
    counts: uint64sOf(of, "bucketCounts"),
  }),
  exponential_histogram: (of): ExponentialHistogram => ({
    ...distributionOf(of),
    scale: int32Of(of, "scale"),
    zeroCount: uint64Of(of, "zeroCount"),
    zeroThreshold: doubleOf(of, "zeroThreshold"),
    positive: bucketsOf(objectOf(of, "positive")),
    negative: bucketsOf(objectOf(of, "negative")),
  }),
  summary: (of): Summary => ({
    count: uint64Of(of, "count"),
    sum: doubleOf(of, "sum"),
    quantiles: objectsOf(of, "quantileValues").map((each) => ({
      quantile: doubleOf(each, "quantile"),
      value: doubleOf(each, "value"),
    })),
  }),
};

/** What both kinds of histograms begin with. */
function distributionOf(of: Json): { count: number; sum?: number; min?: number; max?: number } {
  return {
    count: uint64Of(of, "count"),
    ...(isPresent(of, "sum") && { sum: doubleOf(of, "sum") }),
    ...(isPresent(of, "min") && { min: doubleOf(of, "min") }),
    ...(isPresent(of, "max") && { max: doubleOf(of, "max") }),
  };
}

const bucketsOf = (of: Json): ExponentialBuckets => ({
  offset: int32Of(of, "offset"),
  counts: uint64sOf(of, "bucketCounts"),
});

function exemplarOf(of: Json, items: ItemBudget): Exemplar {
  items.take();
  const spanId = idOf(of, "spanId", 8);
  const traceId = idOf(of, "traceId", 16);
  return {
    time: msOf(of, "timeUnixNano"),
    value: numberOf(of),
    attributes: attributesOf(of, "filteredAttributes"),
    ...(spanId !== "" && { spanId }),
    ...(traceId !== "" && { traceId }),
  };
}

/** A number point's or an exemplar's value; one without is zero, as on the wire. */
function numberOf(of: Json): number {
  return isPresent(of, "asInt") ? int64Of(of, "asInt") : doubleOf(of, "asDouble");
}
