import fc from "fast-check";
import type { Attributes, AttributeValue } from "../attributes.ts";
import type { ExponentialHistogram, Histogram, Point, PointValue } from "../points.ts";
import type { Metric, MetricType } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import type { Span } from "../spans.ts";

/** Random items of every signal, for the tests of this folder. */

export const BEGIN_MS = Date.UTC(2026, 0, 1);

const text = fc.oneof(fc.constantFrom("a", "b", "gost.client.id"), fc.string({ unit: "grapheme", maxLength: 8 }));
const int = fc.maxSafeInteger();
const double = fc.double({ noNaN: true });
const value: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    text,
    fc.boolean(),
    int,
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }),
    fc.constant(null),
    fc.double({ noNaN: true, noInteger: true }),
    fc.uint8Array({ maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).value;
export const attributes: fc.Arbitrary<Attributes> = fc.dictionary(text, value, { maxKeys: 4, noNullPrototype: true });

const type = fc.constantFrom<MetricType>("sum", "gauge", "histogram", "exponential_histogram", "summary");
const metric: fc.Arbitrary<Metric> = fc
  .record({
    name: text,
    unit: text,
    description: text,
    type,
    monotonic: fc.boolean(),
    number: fc.constantFrom("int", "double"),
  })
  .chain((shape) =>
    fc.constantFrom<Metric["temporality"]>("delta", "cumulative", "unspecified").map((temporality) => ({
      ...shape,
      // What a message has no place for.
      monotonic: shape.monotonic && shape.type === "sum",
      temporality: shape.type === "gauge" || shape.type === "summary" ? "unspecified" : temporality,
      number: shape.type === "gauge" || shape.type === "sum" ? shape.number : "double",
    })),
  ) as fc.Arbitrary<Metric>;

/** Times that are whole microseconds come back exactly. */
const timeMs = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((us) => BEGIN_MS + us / 1000);
const count = fc.nat();
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const buckets = fc.record({ offset: fc.integer({ min: -1000, max: 1000 }), counts: fc.array(count, { maxLength: 4 }) });

function pointValue(metric: Metric): fc.Arbitrary<PointValue> {
  const rest = { sum: maybe(double), min: maybe(double), max: maybe(double) };
  switch (metric.type) {
    case "sum":
    case "gauge":
      return metric.number === "int" ? int : double;
    case "histogram":
      return fc
        .array(double, { maxLength: 4 })
        .chain((bounds) =>
          fc.record({
            count,
            ...rest,
            bounds: fc.constant(bounds),
            counts: fc.array(count, { minLength: bounds.length + 1, maxLength: bounds.length + 1 }),
          }),
        )
        .map(withoutAbsent) as fc.Arbitrary<Histogram>;
    case "exponential_histogram":
      return fc
        .record({
          count,
          ...rest,
          scale: fc.integer({ min: -10, max: 20 }),
          zeroCount: count,
          zeroThreshold: double,
          positive: buckets,
          negative: buckets,
        })
        .map(withoutAbsent) as fc.Arbitrary<ExponentialHistogram>;
    case "summary":
      return fc.record({
        count,
        sum: double,
        quantiles: fc.array(fc.record({ quantile: double, value: double }), { maxLength: 3 }),
      });
    default:
      return metric.type satisfies never;
  }
}

const exemplar = fc
  .record({
    time: timeMs,
    value: double,
    traceId: maybe(fc.constant("0af7651916cd43dd8448eb211c80319c")),
    spanId: maybe(fc.constant("b7ad6b7169203331")),
    attributes,
  })
  .map(withoutAbsent);

/** A point before its series is interned. */
export interface Shape {
  readonly resource: Attributes;
  readonly scope: string;
  readonly metric: Metric;
  readonly attributes: Attributes;
  readonly start: number;
  readonly time: number;
  readonly value: PointValue;
  readonly exemplars: Point["extra"];
}

export const shape: fc.Arbitrary<Shape> = metric.chain((each) =>
  fc.record({
    resource: fc.constantFrom<Attributes>({ "service.instance.id": "edge-1" }, { "service.instance.id": "edge-2" }, {}),
    scope: fc.constantFrom("", "gostcol"),
    metric: fc.constant(each),
    attributes,
    start: fc.oneof(fc.constant(0), timeMs),
    time: timeMs,
    value: pointValue(each),
    exemplars:
      each.type === "summary"
        ? fc.constant(undefined)
        : maybe(fc.array(exemplar, { minLength: 1, maxLength: 2 }).map((exemplars) => ({ exemplars }))),
  }),
) as fc.Arbitrary<Shape>;

function withoutAbsent<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

export function pointsIn(table: SeriesTable, shapes: readonly Shape[]): Point[] {
  return shapes.map(({ resource, scope, metric, attributes, start, time, value, exemplars }) => ({
    series: table.series(table.resource(resource), table.scope(scope), table.metric(metric), attributes),
    start,
    time,
    value,
    ...(exemplars === undefined ? {} : { extra: exemplars }),
  }));
}

const nanos = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 });
const traceId = fc.constantFrom("0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736");
const spanId = fc.constantFrom("b7ad6b7169203331", "00f067aa0ba902b7");
const few = fc.integer({ min: 1, max: 100 });
const place = { resource: fc.constantFrom<Attributes>({ node: "a" }, { node: "b" }), scope: fc.constantFrom("", "x") };

export const span = fc.record({
  ...place,
  traceId,
  spanId,
  parentSpanId: maybe(spanId),
  traceState: maybe(word),
  name: text,
  kind: fc.constantFrom<Span["kind"]>("unspecified", "internal", "server", "client", "producer", "consumer"),
  startNanos: nanos,
  endNanos: nanos,
  attributes,
  events: fc.array(fc.record({ timeNanos: nanos, name: text, attributes }), { maxLength: 2 }),
  links: maybe(fc.array(fc.record({ traceId, spanId, attributes }), { minLength: 1, maxLength: 2 })),
  flags: maybe(few),
  droppedAttributes: maybe(few),
  droppedEvents: maybe(few),
  droppedLinks: maybe(few),
  status: fc.oneof(
    fc.record({ code: fc.constantFrom("unset" as const, "ok" as const) }),
    fc.record({ code: fc.constant("error" as const), message: word }),
  ),
});

export const record = fc.record({
  ...place,
  timeNanos: nanos,
  observedTimeNanos: nanos,
  severityNumber: fc.nat(24),
  severityText: text,
  eventName: maybe(word),
  body: maybe(fc.oneof(text, attributes, fc.constant(null))),
  attributes,
  flags: maybe(few),
  droppedAttributes: maybe(few),
  traceId: maybe(traceId),
  spanId: maybe(spanId),
});

/** With its resource and scope as the table has them, and without what is absent. */
export function placed<T>(table: SeriesTable, shape: { readonly resource: Attributes; readonly scope: string }): T {
  const present = Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined));
  return { ...present, resource: table.resource(shape.resource), scope: table.scope(shape.scope) } as T;
}
