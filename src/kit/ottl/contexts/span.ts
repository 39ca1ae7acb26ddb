import type { Span, SpanKind } from "../../../model/spans.ts";
import { int, type Value } from "../value.ts";
import { context, type Enums, type Path, type Paths } from "./context.ts";
import { upperPaths } from "./scope.ts";
import { attributes, named, nanoseconds, text } from "./writing.ts";

const KINDS: Readonly<Record<SpanKind, number>> = {
  unspecified: 0,
  internal: 1,
  server: 2,
  client: 3,
  producer: 4,
  consumer: 5,
};
const STATUS_CODES = { unset: 0, ok: 1, error: 2 } as const;

export const SPAN_ENUMS: Enums = {
  SPAN_KIND_UNSPECIFIED: KINDS.unspecified,
  SPAN_KIND_INTERNAL: KINDS.internal,
  SPAN_KIND_SERVER: KINDS.server,
  SPAN_KIND_CLIENT: KINDS.client,
  SPAN_KIND_PRODUCER: KINDS.producer,
  SPAN_KIND_CONSUMER: KINDS.consumer,
  STATUS_CODE_UNSET: STATUS_CODES.unset,
  STATUS_CODE_OK: STATUS_CODES.ok,
  STATUS_CODE_ERROR: STATUS_CODES.error,
};

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

export const SPAN_PATHS: Paths<Span> = {
  name: item(
    "string",
    ({ name }) => name,
    (span, value) => ({ ...span, name: text(value) }),
  ),
  kind: item(
    "int",
    ({ kind }) => KINDS[kind],
    (span, value) => ({ ...span, kind: named(value, KINDS) }),
  ),
  "kind.string": item("string", ({ kind }) => kind[0]!.toUpperCase() + kind.slice(1)),
  attributes: {
    ...item(
      "map",
      (span) => span.attributes,
      (span, value) => ({ ...span, attributes: attributes(value) }),
    ),
    indexable: true,
  },
  "status.code": item(
    "int",
    ({ status }) => STATUS_CODES[status.code],
    (span, value) => ({ ...span, status: { ...span.status, code: named(value, STATUS_CODES) } }),
  ),
  "status.message": item(
    "string",
    ({ status }) => status.message ?? "",
    (span, value) => ({ ...span, status: { ...span.status, message: text(value) } }),
  ),
  "trace_id.string": item("string", ({ traceId }) => traceId.padStart(TRACE_ID_DIGITS, "0")),
  "span_id.string": item("string", ({ spanId }) => spanId.padStart(SPAN_ID_DIGITS, "0")),
  "parent_span_id.string": item("string", ({ parentSpanId = "" }) => parentSpanId.padStart(SPAN_ID_DIGITS, "0")),
  trace_state: item(
    "string",
    ({ traceState }) => traceState ?? "",
    (span, value) => ({ ...span, traceState: text(value) }),
  ),
  start_time_unix_nano: item(
    "int",
    ({ startNanos }) => int(startNanos),
    (span, value) => ({ ...span, startNanos: nanoseconds(value) }),
  ),
  end_time_unix_nano: item(
    "int",
    ({ endNanos }) => int(endNanos),
    (span, value) => ({ ...span, endNanos: nanoseconds(value) }),
  ),
};

function item(
  type: Path<Span>["type"],
  read: (span: Span) => Value,
  write?: (span: Span, value: Value) => Span,
): Path<Span> {
  return { type, reach: "item", indexable: false, read, ...(write === undefined ? {} : { write }) };
}

export const spanContext = context<Span>("span", SPAN_PATHS, upperPaths(), SPAN_ENUMS);
