import { type Attributes, type AttributeValue, isList } from "../attributes.ts";
import type { LogRecord, LogsBatch } from "../log-records.ts";
import {
  allPoints,
  type Exemplar,
  type ExponentialBuckets,
  isExponentialHistogram,
  isHistogram,
  isSummary,
  type MetricsBatch,
  type Point,
} from "../points.ts";
import type { Metric, Resource, Scope } from "../series.ts";
import type { Batches, Signal } from "../signal.ts";
import type { Span, SpanEvent, SpanLink, TracesBatch } from "../spans.ts";

/**
 * OTLP in JSON: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. Ids are hexadecimal, whole numbers of 64
 * bits are texts, enums are numbers; numbers that JSON does not have are `"NaN"`, `"Infinity"` and `"-Infinity"`.
 */

type Json = Readonly<Record<string, unknown>>;

const TEMPORALITY = { unspecified: 0, delta: 1, cumulative: 2 } as const;
const KIND = { unspecified: 0, internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;
const STATUS = { unset: 0, ok: 1, error: 2 } as const;

export function metricsJson(batch: MetricsBatch): Json {
  const points = allPoints(batch);
  const resourceMetrics = grouped(points, ({ series }) => series.resource).map(([resource, ofResource]) => ({
    resource: resourceJson(resource),
    scopeMetrics: grouped(ofResource, ({ series }) => series.scope).map(([scope, ofScope]) => ({
      scope: scopeJson(scope),
      metrics: grouped(ofScope, ({ series }) => series.metric).map(([metric, its]) => metricJson(metric, its)),
    })),
  }));
  return { resourceMetrics };
}

export function tracesJson({ spans }: TracesBatch): Json {
  const resourceSpans = grouped(spans, ({ resource }) => resource).map(([resource, ofResource]) => ({
    resource: resourceJson(resource),
    scopeSpans: grouped(ofResource, ({ scope }) => scope).map(([scope, its]) => ({
      scope: scopeJson(scope),
      spans: its.map(spanJson),
    })),
  }));
  return { resourceSpans };
}

export function logsJson({ records }: LogsBatch): Json {
  const resourceLogs = grouped(records, ({ resource }) => resource).map(([resource, ofResource]) => ({
    resource: resourceJson(resource),
    scopeLogs: grouped(ofResource, ({ scope }) => scope).map(([scope, its]) => ({
      scope: scopeJson(scope),
      logRecords: its.map(recordJson),
    })),
  }));
  return { resourceLogs };
}

/** A batch of any signal as its export request. */
export function batchJson<S extends Signal>(signal: S, batch: Batches[S]): Json {
  return (WRITERS[signal] as (batch: Batches[S]) => Json)(batch);
}

const WRITERS = { metrics: metricsJson, traces: tracesJson, logs: logsJson } as const;

function grouped<T, K>(items: readonly T[], keyOf: (item: T) => K): [K, T[]][] {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups];
}

const resourceJson = ({ attributes }: Resource): Json => ({ attributes: attributesJson(attributes) });

const scopeJson = ({ name, version, attributes }: Scope): Json => ({
  ...(name !== "" && { name }),
  ...(version !== "" && { version }),
  ...withAttributes(attributes),
});

function withAttributes(attributes: Attributes): Json {
  const list = attributesJson(attributes);
  return list.length === 0 ? {} : { attributes: list };
}

export function attributesJson(attributes: Attributes): Json[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: valueJson(value) }));
}

function valueJson(value: AttributeValue): Json {
  switch (typeof value) {
    case "string":
      return { stringValue: value };
    case "boolean":
      return { boolValue: value };
    case "bigint":
      return { intValue: String(value) };
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? { intValue: String(value) }
        : { doubleValue: numberJson(value) };
    default:
      if (value === null) return {};
      if (value instanceof Uint8Array) return { bytesValue: Buffer.from(value).toString("base64") };
      if (isList(value)) return { arrayValue: { values: value.map(valueJson) } };
      return { kvlistValue: { values: attributesJson(value) } };
  }
}

function metricJson(metric: Metric, points: readonly Point[]): Json {
  const { name, description, unit, type, temporality, monotonic } = metric;
  const head = { name, ...(description !== "" && { description }), ...(unit !== "" && { unit }) };
  const dataPoints = points.map(pointJson);
  const aggregationTemporality = TEMPORALITY[temporality];
  switch (type) {
    case "gauge":
      return { ...head, gauge: { dataPoints } };
    case "sum":
      return { ...head, sum: { dataPoints, aggregationTemporality, ...(monotonic && { isMonotonic: true }) } };
    case "histogram":
      return { ...head, histogram: { dataPoints, aggregationTemporality } };
    case "exponential_histogram":
      return { ...head, exponentialHistogram: { dataPoints, aggregationTemporality } };
    case "summary":
      return { ...head, summary: { dataPoints } };
    default:
      return type satisfies never;
  }
}

function pointJson({ series, start, time, value, extra }: Point): Json {
  const startNanos = extra?.startNanos ?? nanosOf(start);
  return {
    ...withAttributes(series.attributes),
    ...(startNanos !== 0n && { startTimeUnixNano: String(startNanos) }),
    timeUnixNano: String(extra?.timeNanos ?? nanosOf(time)),
    ...(extra?.noRecordedValue ? { flags: 1 } : valueMembers(value, series.metric)),
    ...(extra?.exemplars !== undefined && { exemplars: extra.exemplars.map(exemplarJson) }),
  };
}

function valueMembers(value: Point["value"], metric: Metric): Json {
  if (typeof value === "number") {
    const isInt = metric.number === "int" && Number.isInteger(value);
    return isInt ? { asInt: wholeText(value) } : { asDouble: numberJson(value) };
  }
  const count = { count: wholeText(value.count) };
  if (isSummary(value)) {
    const quantileValues = value.quantiles.map(({ quantile, value }) => ({
      quantile: numberJson(quantile),
      value: numberJson(value),
    }));
    return { ...count, sum: numberJson(value.sum), quantileValues };
  }
  const { sum, min, max } = value;
  const range = {
    ...(sum !== undefined && { sum: numberJson(sum) }),
    ...(min !== undefined && { min: numberJson(min) }),
    ...(max !== undefined && { max: numberJson(max) }),
  };
  if (isHistogram(value)) {
    return {
      ...count,
      ...range,
      bucketCounts: value.counts.map(wholeText),
      explicitBounds: value.bounds.map(numberJson),
    };
  }
  if (!isExponentialHistogram(value)) return value satisfies never;
  const { scale, zeroCount, zeroThreshold, positive, negative } = value;
  const buckets = ({ offset, counts }: ExponentialBuckets) => ({ offset, bucketCounts: counts.map(wholeText) });
  return {
    ...count,
    ...range,
    scale,
    zeroCount: wholeText(zeroCount),
    positive: buckets(positive),
    negative: buckets(negative),
    ...(zeroThreshold !== 0 && { zeroThreshold: numberJson(zeroThreshold) }),
  };
}

const exemplarJson = ({ time, value, traceId, spanId, attributes }: Exemplar): Json => ({
  timeUnixNano: String(nanosOf(time)),
  asDouble: numberJson(value),
  ...(spanId !== undefined && { spanId }),
  ...(traceId !== undefined && { traceId }),
  ...(Object.keys(attributes).length > 0 && { filteredAttributes: attributesJson(attributes) }),
});

function spanJson(span: Span): Json {
  const { traceId, spanId, parentSpanId, traceState, name, kind, startNanos, endNanos, attributes, flags } = span;
  const { events, links = [], droppedAttributes, droppedEvents, droppedLinks, status } = span;
  const { code, message } = status;
  return {
    traceId,
    spanId,
    ...(traceState !== undefined && { traceState }),
    ...(parentSpanId !== undefined && { parentSpanId }),
    ...(flags && { flags }),
    name,
    kind: KIND[kind],
    startTimeUnixNano: String(startNanos),
    endTimeUnixNano: String(endNanos),
    ...withAttributes(attributes),
    ...dropped(droppedAttributes),
    ...(events.length > 0 && { events: events.map(eventJson) }),
    ...(droppedEvents && { droppedEventsCount: droppedEvents }),
    ...(links.length > 0 && { links: links.map(linkJson) }),
    ...(droppedLinks && { droppedLinksCount: droppedLinks }),
    status: { ...(code !== "unset" && { code: STATUS[code] }), ...(message && { message }) },
  };
}

const dropped = (count: number | undefined): Json => (count ? { droppedAttributesCount: count } : {});

const eventJson = ({ timeNanos, name, attributes, droppedAttributes }: SpanEvent): Json => ({
  timeUnixNano: String(timeNanos),
  name,
  ...withAttributes(attributes),
  ...dropped(droppedAttributes),
});

const linkJson = ({ traceId, spanId, traceState, attributes, droppedAttributes, flags }: SpanLink): Json => ({
  traceId,
  spanId,
  ...(traceState !== undefined && { traceState }),
  ...withAttributes(attributes),
  ...dropped(droppedAttributes),
  ...(flags && { flags }),
});

function recordJson(record: LogRecord): Json {
  const { timeNanos, observedTimeNanos, severityNumber, severityText, eventName, body, attributes } = record;
  const { droppedAttributes, flags, traceId, spanId } = record;
  return {
    ...(timeNanos !== 0n && { timeUnixNano: String(timeNanos) }),
    ...(observedTimeNanos !== 0n && { observedTimeUnixNano: String(observedTimeNanos) }),
    ...(severityNumber !== 0 && { severityNumber }),
    ...(severityText !== "" && { severityText }),
    ...(eventName !== undefined && { eventName }),
    ...(body !== undefined && { body: valueJson(body) }),
    ...withAttributes(attributes),
    ...dropped(droppedAttributes),
    ...(flags && { flags }),
    ...(traceId !== undefined && { traceId }),
    ...(spanId !== undefined && { spanId }),
  };
}

function numberJson(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** A whole number of 64 bits; beyond 2^53 as near as a `number` comes. */
function wholeText(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : String(BigInt(Math.round(value)));
}

function nanosOf(ms: number): bigint {
  const whole = Math.floor(ms);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((ms - whole) * 1e6));
}
