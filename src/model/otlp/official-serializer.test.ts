import { ValueType } from "@opentelemetry/api";
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import { AggregationTemporality, DataPointType } from "@opentelemetry/sdk-metrics";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Attributes } from "../attributes.ts";
import type { LogRecord } from "../log-records.ts";
import type { ExponentialHistogram, Histogram, Point } from "../points.ts";
import type { MetricType } from "../series.ts";
import { SeriesTable } from "../series-table.ts";
import type { Span } from "../spans.ts";
import { readMetricsJson } from "./json-metrics-reader.ts";
import { parseRequest, readLogsJson, readTracesJson } from "./json-reader.ts";
import { readLogs } from "./logs-codec.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { KINDS, readTraces, STATUS_CODES } from "./spans-codec.ts";
import { placed, pointsIn, record, type Shape, shape, span } from "./test-kit.ts";
import { LENGTH, VARINT } from "./wire-writer.ts";

/** OpenTelemetry's own serializer as the oracle: what it writes is read as it is meant, and what is written here is the same. */

type ResourceMetrics = Parameters<typeof ProtobufMetricsSerializer.serializeRequest>[0];
type ReadableSpan = Parameters<typeof ProtobufTraceSerializer.serializeRequest>[0][number];
type ReadableLogRecord = Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0][number];

const resource: Attributes = { "service.name": "gost", "service.instance.id": "edge-1" };
const text = fc.string({ unit: "grapheme", maxLength: 8 });
const plainAttributes: fc.Arbitrary<Attributes> = fc.dictionary(
  text.filter((key) => key !== "__proto__"),
  fc.oneof(
    text,
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.double({ noInteger: true, noNaN: true, noDefaultInfinity: true }),
    fc.array(text, { maxLength: 3 }),
  ),
  { maxKeys: 4, noNullPrototype: true },
);

/** What the serializer has words for: no summaries, no exemplars, no threshold of zero, no attributes of other kinds. */
const officialShape: fc.Arbitrary<Shape> = fc
  .tuple(shape, plainAttributes)
  .filter(([{ metric, value }]) => metric.type !== "summary" && hasJsonNumbers(value))
  .map(([each, attributes]) => ({
    ...each,
    resource,
    attributes,
    exemplars: undefined,
    value: positiveZero(
      typeof each.value === "object" && "zeroThreshold" in each.value
        ? { ...each.value, zeroThreshold: 0 }
        : each.value,
    ),
  }));

/** JSON has no other numbers, and no negative zero. */
const hasJsonNumbers = (value: unknown): boolean => !/Infinity|NaN/.test(JSON.stringify(value, numberText));
const numberText = (_: string, value: unknown) => (typeof value === "number" ? String(value) : value);

function positiveZero<T>(value: T): T {
  if (typeof value === "number") return (value + 0) as T;
  if (Array.isArray(value)) return value.map(positiveZero) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, positiveZero(each)])) as T;
}

const DATA_POINT_TYPES: Partial<Record<MetricType, DataPointType>> = {
  gauge: DataPointType.GAUGE,
  sum: DataPointType.SUM,
  histogram: DataPointType.HISTOGRAM,
  exponential_histogram: DataPointType.EXPONENTIAL_HISTOGRAM,
};

/** Each point as a metric of its own. */
function resourceMetrics(points: readonly Point[]): ResourceMetrics {
  const scopeMetrics = points.map(({ series: { scope, metric, attributes }, start, time, value }) => ({
    scope: { name: scope.name, ...(scope.version !== "" && { version: scope.version }) },
    metrics: [
      {
        descriptor: {
          name: metric.name,
          description: metric.description,
          unit: metric.unit,
          valueType: metric.number === "int" ? ValueType.INT : ValueType.DOUBLE,
        },
        dataPointType: DATA_POINT_TYPES[metric.type],
        isMonotonic: metric.monotonic,
        aggregationTemporality:
          metric.temporality === "delta"
            ? AggregationTemporality.DELTA
            : metric.temporality === "cumulative"
              ? AggregationTemporality.CUMULATIVE
              : -1,
        dataPoints: [{ startTime: hrTime(start), endTime: hrTime(time), attributes, value: officialValue(value) }],
      },
    ],
  }));
  return { resource: { attributes: resource }, scopeMetrics } as unknown as ResourceMetrics;
}

function officialValue(value: Point["value"]): unknown {
  if (typeof value === "number") return value;
  if ("bounds" in value) {
    const { bounds: boundaries, counts, ...rest } = value satisfies Histogram;
    return { ...rest, buckets: { boundaries, counts } };
  }
  const { positive, negative, ...rest } = value as ExponentialHistogram;
  const buckets = ({ offset, counts: bucketCounts }: typeof positive) => ({ offset, bucketCounts });
  return { ...rest, positive: buckets(positive), negative: buckets(negative) };
}

/** Whole microseconds, as the shapes have them. */
function hrTime(ms: number): [number, number] {
  const us = Math.round(ms * 1000);
  return [Math.floor(us / 1e6), (us % 1e6) * 1000];
}

const hrNanos = (nanos: bigint): [number, number] => [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)];

const inMicroseconds = (points: readonly Point[]) =>
  points.map((point) => ({ ...point, start: Math.round(point.start * 1000), time: Math.round(point.time * 1000) }));

describe("what OpenTelemetry's serializer writes is read as it is meant", () => {
  test("points, in protobuf and JSON", () => {
    fc.assert(
      fc.property(fc.array(officialShape, { maxLength: 6 }), (shapes) => {
        const table = new SeriesTable();
        const points = pointsIn(table, shapes);
        const request = resourceMetrics(points);
        const proto = new MetricsReader(table).read(ProtobufMetricsSerializer.serializeRequest(request)!);
        expect(inMicroseconds(proto.points)).toEqual(inMicroseconds(points));
        const json = readMetricsJson(parseRequest(JsonMetricsSerializer.serializeRequest(request)!), { table });
        expect(inMicroseconds(json.points)).toEqual(inMicroseconds(points));
      }),
      { numRuns: 200 },
    );
  });

  test("spans, in protobuf and JSON", () => {
    fc.assert(
      fc.property(span, plainAttributes, (shape, attributes) => {
        const table = new SeriesTable();
        const expected = officialSpan(placed<Span>(table, { ...shape, resource } as never), attributes);
        const request = [readableSpan(expected)];
        expect(readTraces(ProtobufTraceSerializer.serializeRequest(request)!, table).spans).toEqual([expected]);
        const json = parseRequest(JsonTraceSerializer.serializeRequest(request)!);
        expect(readTracesJson(json, table).spans).toEqual([expected]);
      }),
      { numRuns: 200 },
    );
  });

  test("log records, in protobuf and JSON", () => {
    fc.assert(
      fc.property(record, plainAttributes, fc.oneof(text, plainAttributes), (shape, attributes, body) => {
        const table = new SeriesTable();
        const { eventName, ...rest } = { ...shape, resource, attributes, body };
        const expected = placed<LogRecord>(table, {
          ...rest,
          ...(eventName !== undefined && { eventName }),
          // Its records carry both ids and the flags, or none.
          ...(rest.traceId === undefined || rest.spanId === undefined
            ? { traceId: undefined, spanId: undefined, flags: undefined }
            : { flags: 1 }),
          droppedAttributes: undefined,
        } as never);
        const request = [readableRecord(expected)];
        expect(readLogs(ProtobufLogsSerializer.serializeRequest(request)!, table).records).toEqual([expected]);
        const json = parseRequest(JsonLogsSerializer.serializeRequest(request)!);
        expect(readLogsJson(json, table).records).toEqual([expected]);
      }),
      { numRuns: 200 },
    );
  });
});

/** With these attributes wherever there are any. It says of all spans and links whether their parent is remote, and has no texts of trace states. */
function officialSpan({ traceState: _, links, ...span }: Span, attributes: Attributes): Span {
  const flags = 0x100 | 1;
  return {
    ...span,
    attributes,
    flags,
    events: span.events.map((event) => ({ ...event, attributes })),
    ...(links !== undefined && { links: links.map((link) => ({ ...link, attributes, flags })) }),
  };
}

function readableSpan(span: Span): ReadableSpan {
  const context = ({ traceId, spanId }: { traceId: string; spanId: string }) => ({ traceId, spanId, traceFlags: 1 });
  return {
    name: span.name,
    kind: KINDS.indexOf(span.kind) - 1,
    spanContext: () => context(span),
    ...(span.parentSpanId !== undefined && { parentSpanContext: { ...context(span), spanId: span.parentSpanId } }),
    startTime: hrNanos(span.startNanos),
    endTime: hrNanos(span.endNanos),
    status: { ...span.status, code: STATUS_CODES.indexOf(span.status.code) },
    attributes: span.attributes,
    events: span.events.map(({ timeNanos, ...event }) => ({ ...event, time: hrNanos(timeNanos) })),
    links: (span.links ?? []).map((link) => ({ context: context(link), attributes: link.attributes })),
    resource: span.resource,
    instrumentationScope: { name: span.scope.name },
    droppedAttributesCount: span.droppedAttributes ?? 0,
    droppedEventsCount: span.droppedEvents ?? 0,
    droppedLinksCount: span.droppedLinks ?? 0,
  } as unknown as ReadableSpan;
}

function readableRecord(record: LogRecord): ReadableLogRecord {
  const { traceId, spanId, scope } = record;
  return {
    ...record,
    hrTime: hrNanos(record.timeNanos),
    hrTimeObserved: hrNanos(record.observedTimeNanos),
    ...(traceId !== undefined && { spanContext: { traceId, spanId, traceFlags: 1 } }),
    instrumentationScope: { name: scope.name },
    droppedAttributesCount: 0,
  } as unknown as ReadableLogRecord;
}

test("points are written field by field as OpenTelemetry's serializer writes them", () => {
  fc.assert(
    fc.property(officialShape, (shape) => {
      const table = new SeriesTable();
      const points = pointsIn(table, [shape]);
      const ours = fieldsOf(new MetricsWriter(table).write({ rows: [], points }), "request");
      const theirs = fieldsOf(ProtobufMetricsSerializer.serializeRequest(resourceMetrics(points))!, "request");
      expect(ours).toEqual(theirs);
    }),
    { numRuns: 300 },
  );
});

/** As much of OTLP's metrics.proto as it takes to tell nested messages, times and what counts even when it is zero. */
const MESSAGES: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  request: { 1: "resourceMetrics" },
  resourceMetrics: { 1: "resource", 2: "scopeMetrics" },
  resource: { 1: "keyValue" },
  scopeMetrics: { 1: "scope", 2: "metric" },
  scope: { 3: "keyValue" },
  metric: { 5: "data", 7: "data", 9: "histogram", 10: "exponential" },
  data: { 1: "numberPoint" },
  histogram: { 1: "histogramPoint" },
  exponential: { 1: "exponentialPoint" },
  numberPoint: { 2: "time", 3: "time", 4: "present", 6: "present", 7: "keyValue" },
  histogramPoint: { 2: "time", 3: "time", 5: "present", 9: "keyValue", 11: "present", 12: "present" },
  exponentialPoint: {
    1: "keyValue",
    2: "time",
    3: "time",
    5: "present",
    8: "buckets",
    9: "buckets",
    12: "present",
    13: "present",
  },
  buckets: {},
  keyValue: { 2: "anyValue" },
  anyValue: { 1: "present", 2: "present", 3: "present", 4: "present", 5: "arrayValue" },
  arrayValue: { 1: "anyValue" },
};

/** A message as its fields, in their order and without those that say no more than their absence; times to a microsecond. */
function fieldsOf(bytes: Uint8Array, message: string): readonly string[] {
  const buffer = Buffer.from(bytes);
  const fields: string[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < buffer.length) {
    const tag = Number(varint());
    const [number, wireType] = [tag >> 3, tag & 7];
    const kind = MESSAGES[message]![number];
    if (wireType === LENGTH) {
      const length = Number(varint());
      const content = buffer.subarray(at, at + length);
      at += length;
      const isMessage = kind !== undefined && kind !== "present";
      const said = isMessage ? JSON.stringify(fieldsOf(content, kind)) : content.toString("hex");
      const isEmpty = (isMessage ? said === "[]" : said === "") && kind !== "anyValue" && kind !== "present";
      if (!isEmpty) fields.push(`${number} ${said}`);
      continue;
    }
    const value = wireType === VARINT ? varint() : buffer.readBigUInt64LE(at);
    if (wireType !== VARINT) at += 8;
    if (value !== 0n || kind === "present")
      fields.push(`${number} ${kind === "time" ? (value + 500n) / 1000n : value}`);
  }
  return fields.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}
