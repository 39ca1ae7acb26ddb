import { type Attributes, type AttributeValue, isList } from "../attributes.ts";
import { WireError, type WireReader } from "./wire-reader.ts";
import { FIXED64, fieldSize, LENGTH, tag, VARINT, varintSize, WireWriter } from "./wire-writer.ts";

/** How deep values may lie in one another: deeper ones are refused, so that no message makes the stack overflow. */
export const DEPTH_MAX = 64;

/** `KeyValue` messages as fields number `field` of whatever they belong to: bytes to be put in as they are. */
export function attributesBytes(attributes: Attributes, field: number): Uint8Array {
  const writer = new WireWriter(attributesSize(attributes));
  writeAttributes(writer, attributes, field);
  return writer.finish();
}

/** How many bytes `writeAttributes` writes. */
export function attributesSize(attributes: Attributes): number {
  let size = 0;
  for (const key in attributes) size += fieldSize(pairSize(key, attributes[key]!));
  return size;
}

/** The same as `attributesBytes`, where there is room for it. */
export function writeAttributes(writer: WireWriter, attributes: Attributes, field: number): void {
  for (const key in attributes) {
    const value = attributes[key]!;
    writer.byte(tag(field, LENGTH));
    writer.varint(pairSize(key, value));
    textField(writer, 1, key);
    writer.byte(tag(2, LENGTH));
    writer.varint(valueSize(value));
    if (typeof value === "string") textField(writer, 1, value);
    else writer.raw(valueBytes(value));
  }
}

const pairSize = (key: string, value: AttributeValue) =>
  fieldSize(Buffer.byteLength(key)) + fieldSize(valueSize(value));

const valueSize = (value: AttributeValue) =>
  typeof value === "string" ? fieldSize(Buffer.byteLength(value)) : valueBytes(value).length;

function textField(writer: WireWriter, field: number, text: string): void {
  writer.byte(tag(field, LENGTH));
  writer.varint(Buffer.byteLength(text));
  writer.text(text);
}

/** One `AnyValue` message. */
export function valueBytes(value: AttributeValue): Uint8Array {
  const writer = new WireWriter(32);
  switch (typeof value) {
    case "string":
      lengthField(writer, 1, Buffer.from(value));
      break;
    case "boolean":
      writer.reserve(2);
      writer.byte(tag(2, VARINT));
      writer.byte(value ? 1 : 0);
      break;
    case "bigint":
      writer.reserve(11);
      writer.byte(tag(3, VARINT));
      writer.bigVarint(value);
      break;
    case "number":
      writer.reserve(11);
      if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
        writer.byte(tag(3, VARINT));
        if (value >= 0) writer.varint(value);
        else writer.bigVarint(BigInt(value));
      } else {
        writer.byte(tag(4, FIXED64));
        writer.double(value);
      }
      break;
    default:
      if (value === null) break;
      if (value instanceof Uint8Array) lengthField(writer, 7, value);
      else if (isList(value)) lengthField(writer, 5, listBytes(value));
      else lengthField(writer, 6, attributesBytes(value, 1));
  }
  return writer.finish();
}

function listBytes(values: readonly AttributeValue[]): Uint8Array {
  const writer = new WireWriter(64);
  for (const value of values) lengthField(writer, 1, valueBytes(value));
  return writer.finish();
}

/** A length-delimited field, with room made for it. */
export function lengthField(writer: WireWriter, field: number, bytes: Uint8Array): void {
  writer.reserve(1 + varintSize(bytes.length) + bytes.length);
  writer.byte(tag(field, LENGTH));
  writer.varint(bytes.length);
  writer.raw(bytes);
}

/** Reads one `KeyValue` that ends at `end` into `into`; of a key that comes twice the last value counts. */
export function readKeyValue(reader: WireReader, end: number, into: Record<string, AttributeValue>, depth = 0): void {
  let key = "";
  let value: AttributeValue = null;
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH)) key = reader.text(reader.lengthEnd(end));
    else if (field === tag(2, LENGTH)) value = readValue(reader, reader.lengthEnd(end), depth + 1);
    else reader.skip(field & 7, end);
  }
  setAttribute(into, key, value);
}

/** As an assignment, whatever the key is called. */
export function setAttribute(into: Record<string, AttributeValue>, key: string, value: AttributeValue): void {
  if (key === "__proto__")
    Object.defineProperty(into, key, { value, enumerable: true, configurable: true, writable: true });
  else into[key] = value;
}

/** Reads one `AnyValue` that ends at `end`. */
export function readValue(reader: WireReader, end: number, depth = 0): AttributeValue {
  if (depth > DEPTH_MAX) throw new WireError(`values lie more than ${DEPTH_MAX} deep in one another`);
  let value: AttributeValue = null;
  while (reader.at < end) {
    const field = reader.varint();
    switch (field) {
      case tag(1, LENGTH):
        value = reader.text(reader.lengthEnd(end));
        break;
      case tag(2, VARINT):
        value = reader.varint() !== 0;
        break;
      case tag(3, VARINT):
        value = reader.int64();
        break;
      case tag(4, FIXED64):
        value = reader.double();
        break;
      case tag(5, LENGTH):
        value = readList(reader, reader.lengthEnd(end), depth + 1);
        break;
      case tag(6, LENGTH):
        value = readMap(reader, reader.lengthEnd(end), depth + 1);
        break;
      case tag(7, LENGTH): {
        const bytesEnd = reader.lengthEnd(end);
        value = new Uint8Array(reader.bytes.subarray(reader.at, bytesEnd));
        reader.at = bytesEnd;
        break;
      }
      default:
        reader.skip(field & 7, end);
    }
  }
  return value;
}

function readList(reader: WireReader, end: number, depth: number): AttributeValue[] {
  const values: AttributeValue[] = [];
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH)) values.push(readValue(reader, reader.lengthEnd(end), depth));
    else reader.skip(field & 7, end);
  }
  return values;
}

function readMap(reader: WireReader, end: number, depth: number): Attributes {
  const values: Record<string, AttributeValue> = {};
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH)) readKeyValue(reader, reader.lengthEnd(end), values, depth);
    else reader.skip(field & 7, end);
  }
  return values;
}
