import type { AttributeValue } from "../attributes.ts";
import type { Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import type { Span, SpanEvent, SpanKind, SpanLink, TracesBatch } from "../spans.ts";
import { attributesBytes, lengthField, readKeyValue } from "./attributes-codec.ts";
import { byScope, readGroups, setUnlessEmpty } from "./groups.ts";
import type { ItemBudget } from "./item-budget.ts";
import { WireReader } from "./wire-reader.ts";
import { FIXED32, FIXED64, LENGTH, tag, VARINT, WireWriter } from "./wire-writer.ts";

export const KINDS: readonly SpanKind[] = ["unspecified", "internal", "server", "client", "producer", "consumer"];
export const STATUS_CODES = ["unset", "ok", "error"] as const;

/** Spans as OTLP's `ExportTraceServiceRequest`. */
export function writeTraces({ spans }: TracesBatch): Uint8Array {
  return byScope(spans, spanBytes);
}

/** Reads OTLP's `ExportTraceServiceRequest`. Throws a `WireError` where the bytes are no such message. */
export function readTraces(bytes: Uint8Array, table: SeriesTable, items?: ItemBudget): TracesBatch {
  return { spans: readGroups(new WireReader(bytes, items), bytes.length, table, readSpan) };
}

function spanBytes(span: Span): Uint8Array {
  const writer = new WireWriter(256);
  lengthField(writer, 1, Buffer.from(span.traceId, "hex"));
  lengthField(writer, 2, Buffer.from(span.spanId, "hex"));
  textField(writer, 3, span.traceState);
  if (span.parentSpanId !== undefined) lengthField(writer, 4, Buffer.from(span.parentSpanId, "hex"));
  textField(writer, 5, span.name);
  writer.reserve(20);
  writer.byte(tag(6, VARINT));
  writer.byte(KINDS.indexOf(span.kind));
  writer.byte(tag(7, FIXED64));
  writer.bigFixed64(span.startNanos);
  writer.byte(tag(8, FIXED64));
  writer.bigFixed64(span.endNanos);
  raw(writer, attributesBytes(span.attributes, 9));
  countField(writer, 10, span.droppedAttributes);
  for (const event of span.events) lengthField(writer, 11, eventBytes(event));
  countField(writer, 12, span.droppedEvents);
  for (const link of span.links ?? []) lengthField(writer, 13, linkBytes(link));
  countField(writer, 14, span.droppedLinks);
  lengthField(writer, 15, statusBytes(span.status));
  flagsField(writer, 16, span.flags);
  return writer.finish();
}

function eventBytes({ timeNanos, name, attributes, droppedAttributes }: SpanEvent): Uint8Array {
  const writer = new WireWriter(64);
  writer.reserve(9);
  writer.byte(tag(1, FIXED64));
  writer.bigFixed64(timeNanos);
  textField(writer, 2, name);
  raw(writer, attributesBytes(attributes, 3));
  countField(writer, 4, droppedAttributes);
  return writer.finish();
}

function linkBytes({ traceId, spanId, traceState, attributes, droppedAttributes, flags }: SpanLink): Uint8Array {
  const writer = new WireWriter(64);
  lengthField(writer, 1, Buffer.from(traceId, "hex"));
  lengthField(writer, 2, Buffer.from(spanId, "hex"));
  textField(writer, 3, traceState);
  raw(writer, attributesBytes(attributes, 4));
  countField(writer, 5, droppedAttributes);
  flagsField(writer, 6, flags);
  return writer.finish();
}

function statusBytes({ code, message }: Span["status"]): Uint8Array {
  const writer = new WireWriter(16);
  textField(writer, 2, message);
  countField(writer, 3, STATUS_CODES.indexOf(code));
  return writer.finish();
}

function readSpan(reader: WireReader, end: number, resource: Resource, scope: Scope): Span {
  reader.items.take();
  const attributes: Record<string, AttributeValue> = {};
  const events: SpanEvent[] = [];
  const links: SpanLink[] = [];
  const span: Mutable<Span> = {
    resource,
    scope,
    traceId: "",
    spanId: "",
    name: "",
    kind: "unspecified",
    startNanos: 0n,
    endNanos: 0n,
    attributes,
    events,
    status: { code: "unset" },
  };
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH)) span.traceId = reader.id(16, reader.lengthEnd(end));
    else if (field === tag(2, LENGTH)) span.spanId = reader.id(8, reader.lengthEnd(end));
    else if (field === tag(3, LENGTH)) setUnlessEmpty(span, "traceState", reader.text(reader.lengthEnd(end)));
    else if (field === tag(4, LENGTH)) setUnlessEmpty(span, "parentSpanId", reader.id(8, reader.lengthEnd(end)));
    else if (field === tag(5, LENGTH)) span.name = reader.text(reader.lengthEnd(end));
    else if (field === tag(6, VARINT)) span.kind = KINDS[reader.varint()] ?? "unspecified";
    else if (field === tag(7, FIXED64)) span.startNanos = reader.fixed64();
    else if (field === tag(8, FIXED64)) span.endNanos = reader.fixed64();
    else if (field === tag(9, LENGTH)) readKeyValue(reader, reader.lengthEnd(end), attributes);
    else if (field === tag(10, VARINT)) setUnlessEmpty(span, "droppedAttributes", reader.varint());
    else if (field === tag(11, LENGTH)) events.push(readEvent(reader, reader.lengthEnd(end)));
    else if (field === tag(12, VARINT)) setUnlessEmpty(span, "droppedEvents", reader.varint());
    else if (field === tag(13, LENGTH)) links.push(readLink(reader, reader.lengthEnd(end)));
    else if (field === tag(14, VARINT)) setUnlessEmpty(span, "droppedLinks", reader.varint());
    else if (field === tag(15, LENGTH)) span.status = readStatus(reader, reader.lengthEnd(end));
    else if (field === tag(16, FIXED32)) setUnlessEmpty(span, "flags", reader.fixed32());
    else reader.skip(field & 7, end);
  }
  if (links.length > 0) span.links = links;
  return span;
}

function readEvent(reader: WireReader, end: number): SpanEvent {
  reader.items.take();
  const attributes: Record<string, AttributeValue> = {};
  const event: Mutable<SpanEvent> = { timeNanos: 0n, name: "", attributes };
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, FIXED64)) event.timeNanos = reader.fixed64();
    else if (field === tag(2, LENGTH)) event.name = reader.text(reader.lengthEnd(end));
    else if (field === tag(3, LENGTH)) readKeyValue(reader, reader.lengthEnd(end), attributes);
    else if (field === tag(4, VARINT)) setUnlessEmpty(event, "droppedAttributes", reader.varint());
    else reader.skip(field & 7, end);
  }
  return event;
}

function readLink(reader: WireReader, end: number): SpanLink {
  reader.items.take();
  const attributes: Record<string, AttributeValue> = {};
  const link: Mutable<SpanLink> = { traceId: "", spanId: "", attributes };
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH)) link.traceId = reader.id(16, reader.lengthEnd(end));
    else if (field === tag(2, LENGTH)) link.spanId = reader.id(8, reader.lengthEnd(end));
    else if (field === tag(3, LENGTH)) setUnlessEmpty(link, "traceState", reader.text(reader.lengthEnd(end)));
    else if (field === tag(4, LENGTH)) readKeyValue(reader, reader.lengthEnd(end), attributes);
    else if (field === tag(5, VARINT)) setUnlessEmpty(link, "droppedAttributes", reader.varint());
    else if (field === tag(6, FIXED32)) setUnlessEmpty(link, "flags", reader.fixed32());
    else reader.skip(field & 7, end);
  }
  return link;
}

function readStatus(reader: WireReader, end: number): Span["status"] {
  let code: Span["status"]["code"] = "unset";
  let message = "";
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(2, LENGTH)) message = reader.text(reader.lengthEnd(end));
    else if (field === tag(3, VARINT)) code = STATUS_CODES[reader.varint()] ?? "unset";
    else reader.skip(field & 7, end);
  }
  return message === "" ? { code } : { code, message };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function raw(writer: WireWriter, bytes: Uint8Array): void {
  writer.reserve(bytes.length);
  writer.raw(bytes);
}

function textField(writer: WireWriter, field: number, text: string | undefined): void {
  if (text !== undefined && text !== "") lengthField(writer, field, Buffer.from(text));
}

function countField(writer: WireWriter, field: number, count: number | undefined): void {
  if (!count) return;
  writer.reserve(11);
  writer.byte(tag(field, VARINT));
  writer.varint(count);
}

function flagsField(writer: WireWriter, field: number, flags: number | undefined): void {
  if (!flags) return;
  writer.reserve(6);
  writer.varint((field << 3) | FIXED32);
  writer.fixed32(flags);
}
