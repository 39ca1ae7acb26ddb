import { type AttributeValue, isList } from "../../model/attributes.ts";
import { type Escaping, escapeName, escapeQuoted, isClassicLabelName, unescapeQuoted } from "./escaping.ts";

/** A series' labels by name, in the order in which they are written. An empty value is the same as no label. */
export type Labels = Readonly<Record<string, string>>;

/**
 * Labels out of pairs: sorted by name, without empty values. Values of one name are joined with `;`, as the
 * OpenTelemetry specification has it for keys that become equal when they are escaped.
 */
export function labelsFrom(pairs: Iterable<readonly [name: string, value: string]>): Labels {
  const sorted = [...pairs].sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  const labels: [name: string, value: string][] = [];
  for (const [name, value] of sorted) {
    if (value === "") continue;
    const last = labels.at(-1);
    if (last?.[0] === name) last[1] += `;${value}`;
    else labels.push([name, value]);
  }
  return Object.fromEntries(labels);
}

/** `a="b",c="d"`, without braces: two sets of labels are the same series exactly when this text is equal. */
export function labelText(labels: Labels, escaping: Escaping): string {
  const parts: string[] = [];
  for (const name in labels) {
    const classic = isClassicLabelName(name);
    // Odd names can become equal to others when they are escaped, and no label may stand there twice.
    if (!classic && escaping !== "allow-utf-8") return labelText(classicLabels(labels, escaping), escaping);
    parts.push(`${classic ? name : `"${escapeQuoted(name)}"`}="${escapeQuoted(labels[name]!)}"`);
  }
  return parts.join(",");
}

/** The labels that a text with UTF-8 names was made of. */
export function labelsOfText(text: string): Labels {
  const pairs = text.matchAll(/(?:"((?:[^"\\]|\\.)*)"|([^",=]+))="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    Array.from(pairs, ([, quoted, classic, value]) => [classic ?? unescapeQuoted(quoted!), unescapeQuoted(value!)]),
  );
}

/** An attribute's value as a label's: texts as they are, lists and maps as JSON, bytes as base64. */
export function labelValue(value: AttributeValue): string {
  if (typeof value === "string") return value;
  if (value === null) return "";
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "object" ? JSON.stringify(jsonValue(value)) : String(value);
}

function classicLabels(labels: Labels, escaping: Escaping): Labels {
  const pairs = Object.entries(labels).map(([name, value]): [string, string] => {
    if (isClassicLabelName(name)) return [name, value];
    // A colon is allowed in names of metrics only.
    return [escapeName(name, escaping).replaceAll(":", "_"), value];
  });
  return labelsFrom(pairs);
}

/** Whole numbers beyond what a `number` holds become texts: JSON has no other exact form for them. */
function jsonValue(value: AttributeValue): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Uint8Array) return labelValue(value);
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map(jsonValue);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonValue(item)]));
}
