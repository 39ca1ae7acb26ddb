import type { AttributeValue } from "../attributes.ts";
import type { LogRecord, LogsBatch } from "../log-records.ts";
import type { Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import { attributesBytes, lengthField, readKeyValue, readValue, valueBytes } from "./attributes-codec.ts";
import { byScope, readGroups, setUnlessEmpty } from "./groups.ts";
import type { ItemBudget } from "./item-budget.ts";
import { WireReader } from "./wire-reader.ts";
import { FIXED32, FIXED64, LENGTH, tag, VARINT, WireWriter } from "./wire-writer.ts";

/** Log records as OTLP's `ExportLogsServiceRequest`. */
export function writeLogs({ records }: LogsBatch): Uint8Array {
  return byScope(records, recordBytes);
}

/** Reads OTLP's `ExportLogsServiceRequest`. Throws a `WireError` where the bytes are no such message. */
export function readLogs(bytes: Uint8Array, table: SeriesTable, items?: ItemBudget): LogsBatch {
  return { records: readGroups(new WireReader(bytes, items), bytes.length, table, readRecord) };
}

function recordBytes(record: LogRecord): Uint8Array {
  const writer = new WireWriter(256);
  writer.reserve(24);
  writer.byte(tag(1, FIXED64));
  writer.bigFixed64(record.timeNanos);
  if (record.severityNumber !== 0) {
    writer.byte(tag(2, VARINT));
    writer.varint(record.severityNumber);
  }
  textField(writer, 3, record.severityText);
  if (record.body !== undefined) lengthField(writer, 5, valueBytes(record.body));
  const attributes = attributesBytes(record.attributes, 6);
  writer.reserve(attributes.length + 16);
  writer.raw(attributes);
  if (record.droppedAttributes) {
    writer.byte(tag(7, VARINT));
    writer.varint(record.droppedAttributes);
  }
  if (record.flags) {
    writer.byte(tag(8, FIXED32));
    writer.fixed32(record.flags);
  }
  if (record.traceId !== undefined) lengthField(writer, 9, Buffer.from(record.traceId, "hex"));
  if (record.spanId !== undefined) lengthField(writer, 10, Buffer.from(record.spanId, "hex"));
  writer.reserve(9);
  writer.byte(tag(11, FIXED64));
  writer.bigFixed64(record.observedTimeNanos);
  textField(writer, 12, record.eventName);
  return writer.finish();
}

function readRecord(reader: WireReader, end: number, resource: Resource, scope: Scope): LogRecord {
  reader.items.take();
  const attributes: Record<string, AttributeValue> = {};
  const record: { -readonly [K in keyof LogRecord]: LogRecord[K] } = {
    resource,
    scope,
    timeNanos: 0n,
    observedTimeNanos: 0n,
    severityNumber: 0,
    severityText: "",
    attributes,
  };
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, FIXED64)) record.timeNanos = reader.fixed64();
    else if (field === tag(2, VARINT)) record.severityNumber = reader.varint();
    else if (field === tag(3, LENGTH)) record.severityText = reader.text(reader.lengthEnd(end));
    else if (field === tag(5, LENGTH)) record.body = readValue(reader, reader.lengthEnd(end));
    else if (field === tag(6, LENGTH)) readKeyValue(reader, reader.lengthEnd(end), attributes);
    else if (field === tag(7, VARINT)) setUnlessEmpty(record, "droppedAttributes", reader.varint());
    else if (field === tag(8, FIXED32)) setUnlessEmpty(record, "flags", reader.fixed32());
    else if (field === tag(9, LENGTH)) setUnlessEmpty(record, "traceId", reader.id(16, reader.lengthEnd(end)));
    else if (field === tag(10, LENGTH)) setUnlessEmpty(record, "spanId", reader.id(8, reader.lengthEnd(end)));
    else if (field === tag(11, FIXED64)) record.observedTimeNanos = reader.fixed64();
    else if (field === tag(12, LENGTH)) setUnlessEmpty(record, "eventName", reader.text(reader.lengthEnd(end)));
    else reader.skip(field & 7, end);
  }
  return record;
}

function textField(writer: WireWriter, field: number, text: string | undefined): void {
  if (text !== undefined && text !== "") lengthField(writer, field, Buffer.from(text));
}
