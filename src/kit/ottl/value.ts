/**
 * What an expression gives. `undefined` is OTTL's nil; within lists and maps it may also be `null`, as in the model. Whole numbers of 64 bits are a `number` up to 2^53 and a `bigint`
 * beyond; a `number` that is whole may also be a double, and only a `StaticType` can tell.
 */
export type Value = undefined | null | boolean | number | bigint | string | Uint8Array | readonly Value[] | ValueMap;

export interface ValueMap {
  readonly [key: string]: Value;
}

/** What is known of an expression's values before it runs; nil is possible with each. */
export type StaticType = "any" | "nil" | "boolean" | "int" | "double" | "string" | "bytes" | "list" | "map";

export function isMap(value: Value): value is ValueMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

export function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether a value is a whole number of 64 bits, where its expression does not say so. */
export function isInt(value: Value, type: StaticType): value is number | bigint {
  return typeof value === "bigint" || (typeof value === "number" && type !== "double" && Number.isSafeInteger(value));
}

/** The one form that a whole number has here; what is beyond 64 bits wraps as it does in the Collector. */
export function int(value: bigint): number | bigint {
  const wrapped = BigInt.asIntN(64, value);
  return wrapped >= Number.MIN_SAFE_INTEGER && wrapped <= Number.MAX_SAFE_INTEGER ? Number(wrapped) : wrapped;
}

const INT_MIN = -(2n ** 63n);

/** A number's whole part; what 64 bits cannot hold is the smallest, as on the machines that the Collector runs on. */
export function intOfDouble(value: number): number | bigint {
  if (Number.isSafeInteger(value)) return value;
  if (!(Math.abs(value) < 2 ** 63)) return INT_MIN;
  return int(BigInt(Math.trunc(value)));
}

/** How a value's type is called in messages. */
export function typeName(value: Value): string {
  if (value === undefined || value === null) return "nil";
  if (typeof value === "object") return isMap(value) ? "a map" : isList(value) ? "a list" : "bytes";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  return typeof value === "string" ? "a text" : "a boolean";
}
