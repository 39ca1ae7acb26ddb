import { type Attributes, type AttributeValue, isList } from "../../model/attributes.ts";
import type { Resource, Scope } from "../../model/series.ts";

/**
 * Pieces of lines for people. What comes from outside is quoted and escaped where it is more than a plain word, so that
 * no client can print a line, or a colour, of its own making.
 */

/** A text from outside: a plain word as it is, anything else in quotes. */
export function word(text: string): string {
  return /^[\w.:/@%+-]+$/.test(text) ? text : `"${escaped(text)}"`;
}

/** `a=1 b="two words"`; empty for no attributes. */
export function attributesText(attributes: Attributes): string {
  return Object.entries(attributes)
    .map(([key, value]) => `${word(key)}=${valueText(value)}`)
    .join(" ");
}

export function valueText(value: AttributeValue): string {
  if (typeof value === "string") return word(value);
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (typeof value !== "object" || value === null) return String(value);
  return isList(value) ? `[${value.map(valueText).join(", ")}]` : `{${attributesText(value)}}`;
}

export function resourceText({ attributes }: Resource): string {
  return attributesText(attributes) || "a resource without attributes";
}

export function scopeText({ name, version, attributes }: Scope): string {
  const named = [name && word(name), version && word(version), attributesText(attributes)].filter(Boolean);
  return named.join(" ") || "unnamed";
}

/** ISO 8601 in UTC, to the millisecond. */
export function timeText(epochMs: number): string {
  if (epochMs === 0) return "unknown";
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? `${epochMs} ms since 1970` : date.toISOString();
}

export const nanosTimeText = (nanos: bigint) => timeText(Number(nanos / 1_000_000n));

/** A number with its unit, and larger numbers of bytes in a form that can be read at a glance. */
export function quantity(value: number, unit: string): string {
  const plain = `${value}${unit === "" || unit === "1" ? "" : ` ${escaped(unit)}`}`;
  if (unit !== "By" || Math.abs(value) < 1024) return plain;
  const power = Math.min(Math.floor(Math.log2(Math.abs(value)) / 10), BYTE_UNITS.length);
  return `${plain} (${(value / 1024 ** power).toFixed(1)} ${BYTE_UNITS[power - 1]})`;
}

const BYTE_UNITS = ["KiB", "MiB", "GiB", "TiB", "PiB"];

/** `1 metric`, `2 metrics`. */
export const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`;

/** Quotes, backslashes, and everything that moves the cursor or turns the direction of writing. */
function escaped(text: string): string {
  return text.replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    return SHORT_ESCAPES[character] ?? `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
