import { type Attributes, type AttributeValue, isList } from "../../model/attributes.ts";
import type { LogRecord } from "../../model/log-records.ts";
import { allPoints, isHistogram, isSummary, type Point, type PointValue } from "../../model/points.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { Span } from "../../model/spans.ts";

/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** One point, span or log record as an object that needs no knowledge of OTLP: the README has its fields. */
export type PlainItem = { readonly [name: string]: Json };

/** The items of a batch, in its order. */
export function plainItems<S extends Signal>(signal: S, batch: Batches[S]): readonly PlainItem[] {
  return (ITEMS[signal] as (batch: Batches[S]) => readonly PlainItem[])(batch);
}

/** Every field that a plain item of some signal has. */
export const PLAIN_FIELDS = [
  ...["signal", "time", "name", "attributes", "resource", "scope"],
  ...["start_time", "unit", "description", "type", "value"],
  ...["end_time", "duration_ms", "kind", "status", "status_message", "parent_span_id"],
  ...["severity", "severity_number", "event_name", "body", "trace_id", "span_id"],
] as const;

const ITEMS: { readonly [S in Signal]: (batch: Batches[S]) => readonly PlainItem[] } = {
  metrics: (batch) => allPoints(batch).map(pointItem),
  traces: ({ spans }) => spans.map(spanItem),
  logs: ({ records }) => records.map(recordItem),
};

type Fields = Partial<Record<(typeof PLAIN_FIELDS)[number], Json>>;

function pointItem({ series, start, time, value, extra }: Point): PlainItem {
  const { name, unit, description, type } = series.metric;
  return item("metrics", series, {
    time: timeText(time),
    ...(start !== 0 && { start_time: timeText(start) }),
    name,
    ...(unit !== "" && { unit }),
    ...(description !== "" && { description }),
    type,
    value: extra?.noRecordedValue === true ? null : pointValue(value),
    attributes: attributesJson(series.attributes),
  });
}

function spanItem(span: Span): PlainItem {
  const { startNanos, endNanos, name, kind, status, traceId, spanId, parentSpanId, attributes } = span;
  return item("traces", span, {
    time: nanosText(startNanos),
    end_time: nanosText(endNanos),
    duration_ms: Number(endNanos - startNanos) / 1e6,
    name,
    kind,
    status: status.code,
    ...(status.message !== undefined && { status_message: status.message }),
    trace_id: traceId,
    span_id: spanId,
    ...(parentSpanId !== undefined && { parent_span_id: parentSpanId }),
    attributes: attributesJson(attributes),
  });
}

function recordItem(record: LogRecord): PlainItem {
  const { timeNanos, observedTimeNanos, severityText, severityNumber, eventName, body, attributes } = record;
  const { traceId, spanId } = record;
  return item("logs", record, {
    time: nanosText(timeNanos === 0n ? observedTimeNanos : timeNanos),
    ...(severityText !== "" && { severity: severityText }),
    ...(severityNumber !== 0 && { severity_number: severityNumber }),
    ...(eventName !== undefined && { event_name: eventName }),
    body: body === undefined ? null : valueJson(body),
    ...(traceId !== undefined && { trace_id: traceId }),
    ...(spanId !== undefined && { span_id: spanId }),
    attributes: attributesJson(attributes),
  });
}

function item(signal: Signal, { resource, scope }: Pick<Span, "resource" | "scope">, fields: Fields): PlainItem {
  const common: Fields = {
    resource: attributesJson(resource.attributes),
    ...(scope.name !== "" && { scope: scope.name }),
  };
  return { signal, ...fields, ...common };
}

function pointValue(value: PointValue): Json {
  if (typeof value === "number") return numberJson(value);
  const { count, sum } = value;
  const head = { count: numberJson(count), ...(sum !== undefined && { sum: numberJson(sum) }) };
  if (isSummary(value)) {
    const { quantiles } = value;
    return {
      ...head,
      quantiles: quantiles.map(({ quantile, value }) => ({ quantile: numberJson(quantile), value: numberJson(value) })),
    };
  }
  const { min, max } = value;
  const range = {
    ...(min !== undefined && { min: numberJson(min) }),
    ...(max !== undefined && { max: numberJson(max) }),
  };
  if (isHistogram(value)) {
    return { ...head, ...range, bounds: value.bounds.map(numberJson), counts: value.counts.map(numberJson) };
  }
  const { scale, zeroCount, zeroThreshold, positive, negative } = value;
  const buckets = ({ offset, counts }: typeof positive): Json => ({ offset, counts: counts.map(numberJson) });
  return {
    ...head,
    ...range,
    scale,
    zero_count: zeroCount,
    zero_threshold: zeroThreshold,
    positive: buckets(positive),
    negative: buckets(negative),
  };
}

function attributesJson(attributes: Attributes): Json {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, valueJson(value)]));
}

/** Bytes in base64; a whole number that JSON's readers would round is a text. */
function valueJson(value: AttributeValue): Json {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return numberJson(value);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return isList(value) ? value.map(valueJson) : attributesJson(value);
}

/** JSON has no NaN and no infinity: they are texts, as in OTLP's JSON. */
function numberJson(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
}

const nanosText = (nanos: bigint): string => timeText(Number(nanos / 1_000_000n));

/** RFC 3339 to the millisecond. */
function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
