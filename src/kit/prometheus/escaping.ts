/**
 * Names and texts in an exposition. A name that is not a classic one (letters, digits, underscores) is written in quotes
 * for scrapers that take UTF-8, and in the way that they ask for to others:
 * https://prometheus.io/docs/instrumenting/escaping_schemes/
 */

export const ESCAPINGS = ["allow-utf-8", "underscores", "dots", "values"] as const;

export type Escaping = (typeof ESCAPINGS)[number];

const CLASSIC_METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const CLASSIC_LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export const isClassicMetricName = (name: string) => CLASSIC_METRIC_NAME.test(name);
export const isClassicLabelName = (name: string) => CLASSIC_LABEL_NAME.test(name);

/** A name as this scraper can take it: a classic one, and with `allow-utf-8` any one, stays as it is. */
export function escapeName(name: string, escaping: Escaping): string {
  if (isClassicMetricName(name)) return name;
  switch (escaping) {
    case "allow-utf-8":
      return name;
    case "underscores":
      return eachOdd(name, () => "_");
    case "dots":
      return eachOdd(name.replaceAll("_", "__"), (character) => (character === "." ? "_dot_" : "__"));
    case "values":
      return `U__${eachOdd(name.replaceAll("_", "__"), (character) => `_${character.codePointAt(0)!.toString(16)}_`)}`;
    default:
      return escaping satisfies never;
  }
}

/** Replaces what a classic name has no place for: odd characters, and a digit at the beginning. */
function eachOdd(name: string, replace: (character: string) => string): string {
  return name.replace(/^[0-9]|[^a-zA-Z0-9_:]/gu, replace);
}

/** A label's value or a quoted name, without its quotes. Half a surrogate pair, which is no text, becomes U+FFFD. */
export function escapeQuoted(text: string): string {
  const wellFormed = text.toWellFormed();
  return /["\\\n]/.test(wellFormed) ? wellFormed.replace(/["\\\n]/g, escapeOne) : wellFormed;
}

export function unescapeQuoted(text: string): string {
  return text.includes("\\") ? text.replace(/\\(.)/g, (_, escaped) => (escaped === "n" ? "\n" : escaped)) : text;
}

/** Help in the text format, which leaves quotes alone. */
export function escapeHelp(text: string): string {
  return text.replace(/[\\\n]/g, escapeOne);
}

const escapeOne = (character: string) => (character === "\n" ? "\\n" : `\\${character}`);
