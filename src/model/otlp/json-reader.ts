import type { LogRecord, LogsBatch } from "../log-records.ts";
import type { Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import type { Span, SpanEvent, SpanLink, TracesBatch } from "../spans.ts";
import { ItemBudget } from "./item-budget.ts";
import {
  anyValueOf,
  attributesOf,
  choiceOf,
  idOf,
  isObject,
  isPresent,
  type Json,
  JsonError,
  nanosOf,
  objectOf,
  objectsOf,
  resourceOf,
  scopeOf,
  textOf,
  uint32Of,
} from "./json-values.ts";
import { KINDS, STATUS_CODES } from "./spans-codec.ts";

/** A request's text as the object that it should be. Throws a `JsonError`. */
export function parseRequest(bytes: Uint8Array): Json {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (thrown) {
    throw new JsonError(`it is not JSON: ${(thrown as SyntaxError).message}`);
  }
  if (!isObject(parsed)) throw new JsonError("the request is not an object");
  return parsed;
}

/** OTLP's `ExportTraceServiceRequest` in JSON. Throws a `JsonError` where it is none. */
export function readTracesJson(request: Json, table: SeriesTable, items = new ItemBudget()): TracesBatch {
  const read = (each: Json, resource: Resource, scope: Scope) => spanOf(each, resource, scope, items);
  return { spans: itemsOf(request, { list: "Spans", items: "spans" }, table, read) };
}

/** OTLP's `ExportLogsServiceRequest` in JSON. Throws a `JsonError` where it is none. */
export function readLogsJson(request: Json, table: SeriesTable, items = new ItemBudget()): LogsBatch {
  const read = (each: Json, resource: Resource, scope: Scope) => recordOf(each, resource, scope, items);
  return { records: itemsOf(request, { list: "Logs", items: "logRecords" }, table, read) };
}

/** Both requests have one shape: resources, scopes in them, and items in those. */
function itemsOf<T>(
  request: Json,
  names: { readonly list: string; readonly items: string },
  table: SeriesTable,
  read: (item: Json, resource: Resource, scope: Scope) => T,
): T[] {
  const found: T[] = [];
  for (const ofResource of objectsOf(request, `resource${names.list}`)) {
    const resource = resourceOf(ofResource, table);
    for (const ofScope of objectsOf(ofResource, `scope${names.list}`)) {
      const scope = scopeOf(ofScope, table);
      for (const item of objectsOf(ofScope, names.items)) found.push(read(item, resource, scope));
    }
  }
  return found;
}

function spanOf(of: Json, resource: Resource, scope: Scope, items: ItemBudget): Span {
  items.take();
  const parentSpanId = idOf(of, "parentSpanId", 8);
  const links = objectsOf(of, "links").map((link) => linkOf(link, items));
  const status = objectOf(of, "status");
  const code = choiceOf(status, "code", STATUS_CODES, "STATUS_CODE_");
  const message = textOf(status, "message");
  return {
    resource,
    scope,
    traceId: idOf(of, "traceId", 16),
    spanId: idOf(of, "spanId", 8),
    name: textOf(of, "name"),
    kind: choiceOf(of, "kind", KINDS, "SPAN_KIND_"),
    startNanos: nanosOf(of, "startTimeUnixNano"),
    endNanos: nanosOf(of, "endTimeUnixNano"),
    attributes: attributesOf(of),
    events: objectsOf(of, "events").map((event) => eventOf(event, items)),
    status: message === "" ? { code } : { code, message },
    ...(parentSpanId !== "" && { parentSpanId }),
    ...traceStateOf(of),
    ...(links.length > 0 && { links }),
    ...flagsOf(of),
    ...droppedOf(of, "droppedAttributes"),
    ...droppedOf(of, "droppedEvents"),
    ...droppedOf(of, "droppedLinks"),
  };
}

function eventOf(of: Json, items: ItemBudget): SpanEvent {
  items.take();
  return {
    timeNanos: nanosOf(of, "timeUnixNano"),
    name: textOf(of, "name"),
    attributes: attributesOf(of),
    ...droppedOf(of, "droppedAttributes"),
  };
}

function linkOf(of: Json, items: ItemBudget): SpanLink {
  items.take();
  return {
    traceId: idOf(of, "traceId", 16),
    spanId: idOf(of, "spanId", 8),
    attributes: attributesOf(of),
    ...traceStateOf(of),
    ...droppedOf(of, "droppedAttributes"),
    ...flagsOf(of),
  };
}

function recordOf(of: Json, resource: Resource, scope: Scope, items: ItemBudget): LogRecord {
  items.take();
  const eventName = textOf(of, "eventName");
  const traceId = idOf(of, "traceId", 16);
  const spanId = idOf(of, "spanId", 8);
  return {
    resource,
    scope,
    timeNanos: nanosOf(of, "timeUnixNano"),
    observedTimeNanos: nanosOf(of, "observedTimeUnixNano"),
    severityNumber: severityOf(of),
    severityText: textOf(of, "severityText"),
    attributes: attributesOf(of),
    ...(eventName !== "" && { eventName }),
    ...(isPresent(of, "body") && { body: anyValueOf(objectOf(of, "body")) }),
    ...flagsOf(of),
    ...droppedOf(of, "droppedAttributes"),
    ...(traceId !== "" && { traceId }),
    ...(spanId !== "" && { spanId }),
  };
}

const LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"];
const SEVERITIES = ["unspecified", ...LEVELS.flatMap((level) => [level, `${level}2`, `${level}3`, `${level}4`])];

function severityOf(of: Json): number {
  const value = of["severityNumber"];
  if (typeof value !== "string") return uint32Of(of, "severityNumber");
  return SEVERITIES.indexOf(choiceOf(of, "severityNumber", SEVERITIES, "SEVERITY_NUMBER_"));
}

function traceStateOf(of: Json): { traceState?: string } {
  const traceState = textOf(of, "traceState");
  return traceState === "" ? {} : { traceState };
}

function flagsOf(of: Json): { flags?: number } {
  const flags = uint32Of(of, "flags");
  return flags === 0 ? {} : { flags };
}

function droppedOf<Name extends string>(of: Json, name: Name): { [K in Name]?: number } {
  const count = uint32Of(of, `${name}Count`);
  return (count === 0 ? {} : { [name]: count }) as { [K in Name]?: number };
}
