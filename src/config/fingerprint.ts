import { createHash } from "node:crypto";
import { Secret } from "../component/secret.ts";

/**
 * A text that is equal exactly when two configurations of a component have the same effect: whatever the order of their
 * options, and whether a default was written out. A hash, for it covers secrets and is compared and logged.
 *
 * `parsed` is what the schema made of `written`. Where it holds something that cannot be compared (a function), what was
 * written is compared instead.
 */
export function fingerprintOf(type: string, parsed: unknown, written: unknown): string {
  const text = canonicalText(parsed) ?? canonicalText(written);
  return createHash("sha256").update(`${type}\n${text}`).digest("hex");
}

/** Undefined where the value cannot be told apart from others. */
function canonicalText(value: unknown): string | undefined {
  if (value instanceof Secret) return `secret ${JSON.stringify(value.reveal())}`;
  if (value instanceof RegExp || value instanceof Date) return `${value.constructor.name} ${String(value)}`;
  if (value instanceof Map) return withMark("map", canonicalText([...value]));
  if (value instanceof Set) return withMark("set", canonicalText([...value]));
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  switch (typeof value) {
    case "function":
    case "symbol":
      return undefined;
    case "bigint":
      return `${value}n`;
    case "string":
      return JSON.stringify(value);
    case "object":
      return value === null ? "null" : canonicalObject(value);
    default:
      return String(value);
  }
}

function canonicalObject(value: object): string | undefined {
  if (Array.isArray(value)) return joined("[", value.map(canonicalText), "]");
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return undefined;
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1));
  return joined(
    "{",
    entries.map(([key, member]) => withMark(`${JSON.stringify(key)}:`, canonicalText(member))),
    "}",
  );
}

const withMark = (mark: string, text: string | undefined) => text && `${mark}${text}`;

function joined(open: string, texts: readonly (string | undefined)[], close: string): string | undefined {
  return texts.includes(undefined) ? undefined : `${open}${texts.join(",")}${close}`;
}
