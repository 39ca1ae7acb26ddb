import { createHash } from "node:crypto";
import type { Attributes, AttributeValue } from "../../model/attributes.ts";
import type { Pattern } from "../ottl/pattern.ts";
import { convertedValue } from "./converted-value.ts";

/** Attributes as an action leaves them: others, or the same object where nothing changes. */
export type AttributeEdit = (attributes: Attributes) => Attributes;

/** Where an action's value comes from; undefined where there is none this time. */
export type ValueSource = (attributes: Attributes) => AttributeValue | undefined;

/** Several actions, one after the other. */
export function allEdits(edits: readonly AttributeEdit[]): AttributeEdit {
  return (attributes) => edits.reduce((edited, edit) => edit(edited), attributes);
}

/** `insert` sets what is not there, `update` what is, `upsert` both; without a value nothing. */
export function setAttribute(action: "insert" | "update" | "upsert", key: string, source: ValueSource): AttributeEdit {
  return (attributes) => {
    const there = Object.hasOwn(attributes, key);
    if (there ? action === "insert" : action === "update") return attributes;
    const value = source(attributes);
    return value === undefined || (there && attributes[key] === value) ? attributes : { ...attributes, [key]: value };
  };
}

export function deleteAttributes(matches: (key: string) => boolean): AttributeEdit {
  return (attributes) => {
    const entries = Object.entries(attributes);
    const left = entries.filter(([key]) => !matches(key));
    return left.length === entries.length ? attributes : Object.fromEntries(left);
  };
}

/** Puts SHA-256 in the place of values, in hexadecimal. */
export function hashAttributes(matches: (key: string) => boolean): AttributeEdit {
  return (attributes) => {
    if (!Object.keys(attributes).some(matches)) return attributes;
    const entries = Object.entries(attributes);
    return Object.fromEntries(entries.map(([key, value]) => [key, matches(key) ? hashed(value) : value]));
  };
}

/** Makes an attribute of each named group of a pattern; nothing where the text does not match. */
export function extractAttributes(key: string, pattern: Pattern): AttributeEdit {
  return (attributes) => {
    const value = Object.hasOwn(attributes, key) ? attributes[key] : undefined;
    const match = typeof value === "string" ? pattern.match(value) : undefined;
    if (match === undefined) return attributes;
    // A group that took no part is an empty text, as in Go.
    return { ...attributes, ...Object.fromEntries(pattern.groups.map((name) => [name!, match.group(name!) ?? ""])) };
  };
}

/** A value that cannot be converted stays as it is. */
export function convertAttribute(key: string, type: "int" | "double" | "string"): AttributeEdit {
  return (attributes) => {
    if (!Object.hasOwn(attributes, key)) return attributes;
    const value = attributes[key]!;
    const converted = convertedValue(value, type);
    return converted === undefined || converted === value ? attributes : { ...attributes, [key]: converted };
  };
}

/** Over the bytes that the Collector hashes, so that both give the same; lists, maps and bytes become empty. */
function hashed(value: AttributeValue): string {
  const bytes = hashedBytes(value);
  return bytes === undefined ? "" : createHash("sha256").update(bytes).digest("hex");
}

function hashedBytes(value: AttributeValue): Uint8Array | undefined {
  if (typeof value === "string") return Buffer.from(value);
  if (typeof value === "boolean") return Uint8Array.of(value ? 1 : 0);
  if (typeof value === "number" && !Number.isInteger(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    return bytes;
  }
  if (typeof value === "number" || typeof value === "bigint") {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
    return bytes;
  }
  return undefined;
}
