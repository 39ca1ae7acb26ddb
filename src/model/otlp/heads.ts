import type { AttributeValue } from "../attributes.ts";
import type { Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import { attributesBytes, lengthField, readKeyValue } from "./attributes-codec.ts";
import type { WireReader } from "./wire-reader.ts";
import { LENGTH, tag, WireWriter } from "./wire-writer.ts";

/** A part of a message. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** An OTLP `Resource`; one that is absent has no attributes. It may lie behind where the reader is, who stays there. */
export function readResource(reader: WireReader, span: Span | undefined, table: SeriesTable): Resource {
  const attributes: Record<string, AttributeValue> = {};
  if (span !== undefined) {
    const { at } = reader;
    reader.at = span.from;
    while (reader.at < span.to) {
      const field = reader.varint();
      if (field === tag(1, LENGTH)) readKeyValue(reader, reader.lengthEnd(span.to), attributes);
      else reader.skip(field & 7, span.to);
    }
    reader.at = at;
  }
  return table.resource(attributes);
}

/** An OTLP `InstrumentationScope`; one that is absent has no name. It may lie where a `Resource` may. */
export function readScope(reader: WireReader, span: Span | undefined, table: SeriesTable): Scope {
  const attributes: Record<string, AttributeValue> = {};
  let name = "";
  let version = "";
  if (span !== undefined) {
    const { at } = reader;
    reader.at = span.from;
    while (reader.at < span.to) {
      const field = reader.varint();
      if (field === tag(1, LENGTH)) name = reader.text(reader.lengthEnd(span.to));
      else if (field === tag(2, LENGTH)) version = reader.text(reader.lengthEnd(span.to));
      else if (field === tag(3, LENGTH)) readKeyValue(reader, reader.lengthEnd(span.to), attributes);
      else reader.skip(field & 7, span.to);
    }
    reader.at = at;
  }
  return table.scope(name, version, attributes);
}

/** The `Resource` message as field 1. */
export function resourceHead({ attributes }: Resource): Uint8Array {
  const writer = new WireWriter(128);
  lengthField(writer, 1, attributesBytes(attributes, 1));
  return writer.finish();
}

/** The `InstrumentationScope` message as field 1. */
export function scopeHead({ name, version, attributes }: Scope): Uint8Array {
  const scope = new WireWriter(64);
  textField(scope, 1, name);
  textField(scope, 2, version);
  const bytes = attributesBytes(attributes, 3);
  scope.reserve(bytes.length);
  scope.raw(bytes);
  const writer = new WireWriter(64);
  lengthField(writer, 1, scope.finish());
  return writer.finish();
}

function textField(writer: WireWriter, field: number, text: string): void {
  if (text !== "") lengthField(writer, field, Buffer.from(text));
}
