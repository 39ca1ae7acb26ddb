import type { AttributeValue } from "../attributes.ts";
import type { Resource, Scope } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import { DEPTH_MAX, setAttribute } from "./attributes-codec.ts";

/**
 * Members of OTLP's JSON as values: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. One that is absent
 * or null has its type's default. Members that nobody asks for are ignored, as the specification wants.
 */
export type Json = Readonly<Record<string, unknown>>;

/** The text is not what it should be. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}

export function isPresent(of: Json, name: string): boolean {
  return of[name] !== undefined && of[name] !== null;
}

export function objectOf(of: Json, name: string): Json {
  const value = of[name] ?? {};
  return isObject(value) ? value : wrong(name, "an object");
}

export function objectsOf(of: Json, name: string): readonly Json[] {
  const list = listOf(of, name);
  return list.every(isObject) ? list : wrong(name, "a list of objects");
}

export function textOf(of: Json, name: string): string {
  const value = of[name] ?? "";
  return typeof value === "string" ? value : wrong(name, "a text");
}

export function flagOf(of: Json, name: string): boolean {
  const value = of[name] ?? false;
  return typeof value === "boolean" ? value : wrong(name, "true or false");
}

export const uint32Of = (of: Json, name: string): number => Number(wholeOf(of[name] ?? 0, name, UINT32));
export const int32Of = (of: Json, name: string): number => Number(wholeOf(of[name] ?? 0, name, INT32));

/** Numbers of 64 bits, beyond 2^53 as near as a `number` comes. */
export const int64Of = (of: Json, name: string): number => Number(wholeOf(of[name] ?? 0, name, INT64));
export const uint64Of = (of: Json, name: string): number => Number(wholeOf(of[name] ?? 0, name, UINT64));
export const uint64sOf = (of: Json, name: string): number[] =>
  listOf(of, name).map((value) => Number(wholeOf(value, name, UINT64)));

/** Nanoseconds since the epoch. */
export const nanosOf = (of: Json, name: string): bigint => wholeOf(of[name] ?? 0, name, UINT64);

/** The same as milliseconds with a fraction. */
export function msOf(of: Json, name: string): number {
  const nanos = nanosOf(of, name);
  return Number(nanos / 1_000_000n) + Number(nanos % 1_000_000n) / 1e6;
}

export function doubleOf(of: Json, name: string): number {
  return toDouble(of[name] ?? 0, name);
}

export function doublesOf(of: Json, name: string): number[] {
  return listOf(of, name).map((value) => toDouble(value, name));
}

/** One of `names` by its place, or by what the protocol calls it: `prefix` and its name in capitals. Unknown places are the first. */
export function choiceOf<T extends string>(of: Json, name: string, names: readonly T[], prefix: string): T {
  const value = of[name] ?? 0;
  if (typeof value === "number") return names[value] ?? names[0]!;
  const found = names.find((choice) => value === `${prefix}${choice.toUpperCase()}`);
  return found ?? wrong(name, `a number, or one of ${prefix}…`);
}

/** An id of so many bytes in hexadecimal, as the model writes it; empty where there is none. */
export function idOf(of: Json, name: string, size: number): string {
  const text = textOf(of, name);
  const isId = text === "" || (text.length === size * 2 && /^[0-9a-fA-F]*$/.test(text));
  return isId ? text.toLowerCase() : wrong(name, `${size * 2} hexadecimal digits`);
}

export function resourceOf(of: Json, table: SeriesTable): Resource {
  return table.resource(attributesOf(objectOf(of, "resource")));
}

export function scopeOf(of: Json, table: SeriesTable): Scope {
  const scope = objectOf(of, "scope");
  return table.scope(textOf(scope, "name"), textOf(scope, "version"), attributesOf(scope));
}

/** A list of keys with values; of a key that comes twice the last value counts. */
export function attributesOf(of: Json, name = "attributes", depth = 0): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  for (const pair of objectsOf(of, name)) {
    setAttribute(attributes, textOf(pair, "key"), anyValueOf(objectOf(pair, "value"), depth + 1));
  }
  return attributes;
}

/** An `AnyValue`. */
export function anyValueOf(of: Json, depth = 0): AttributeValue {
  if (depth > DEPTH_MAX) throw new JsonError(`values lie more than ${DEPTH_MAX} deep in one another`);
  if (isPresent(of, "stringValue")) return textOf(of, "stringValue");
  if (isPresent(of, "boolValue")) return flagOf(of, "boolValue");
  if (isPresent(of, "intValue")) return exactly(wholeOf(of["intValue"], "intValue", INT64));
  if (isPresent(of, "doubleValue")) return doubleOf(of, "doubleValue");
  if (isPresent(of, "arrayValue")) {
    return objectsOf(objectOf(of, "arrayValue"), "values").map((value) => anyValueOf(value, depth + 1));
  }
  if (isPresent(of, "kvlistValue")) return attributesOf(objectOf(of, "kvlistValue"), "values", depth + 1);
  if (isPresent(of, "bytesValue")) return bytesOf(of, "bytesValue");
  return null;
}

function bytesOf(of: Json, name: string): Uint8Array {
  const text = textOf(of, name);
  if (!/^[\w+/-]*={0,2}$/.test(text)) return wrong(name, "base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}

interface Whole {
  readonly min: bigint;
  readonly max: bigint;
  readonly called: string;
}

const UINT32: Whole = { min: 0n, max: 2n ** 32n - 1n, called: "a whole number of 32 bits, and not negative" };
const INT32: Whole = { min: -(2n ** 31n), max: 2n ** 31n - 1n, called: "a whole number of 32 bits" };
const INT64: Whole = { min: -(2n ** 63n), max: 2n ** 63n - 1n, called: "a whole number of 64 bits" };
const UINT64: Whole = { min: 0n, max: 2n ** 64n - 1n, called: "a whole number of 64 bits, and not negative" };

/** Written as a text or as a number, whatever its size. */
function wholeOf(value: unknown, name: string, { min, max, called }: Whole): bigint {
  const isWhole = Number.isInteger(value) || (typeof value === "string" && /^-?\d{1,20}$/.test(value));
  const whole = isWhole ? BigInt(value as number | string) : undefined;
  return whole !== undefined && whole >= min && whole <= max ? whole : wrong(name, called);
}

function toDouble(value: unknown, name: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^(NaN|-?Infinity|[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)$/i.test(value)) {
    const number = Number(value);
    if (!Number.isNaN(number) || value === "NaN") return number;
  }
  return wrong(name, "a number");
}

function exactly(value: bigint): number | bigint {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}

function listOf(of: Json, name: string): readonly unknown[] {
  const value = of[name] ?? [];
  return Array.isArray(value) ? value : wrong(name, "a list");
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function wrong(name: string, expected: string): never {
  throw new JsonError(`${name} is not ${expected}`);
}
