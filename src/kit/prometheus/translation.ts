import { unitWords } from "./units.ts";

/**
 * OpenTelemetry names in the form that Prometheus wants:
 * https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#otlp-metric-points-to-prometheus
 */

/** The Collector's names: whether odd characters become underscores, and whether unit and type become suffixes. */
export const TRANSLATION_STRATEGIES = [
  "UnderscoreEscapingWithSuffixes",
  "UnderscoreEscapingWithoutSuffixes",
  "NoUTF8EscapingWithSuffixes",
  "NoTranslation",
] as const;

export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number];

export interface MetricNaming {
  readonly strategy: TranslationStrategy;
  /** Put in front of every name with an underscore; empty for none. */
  readonly namespace: string;
}

/** What a name is made of. `counter` is a monotonic sum. */
export interface NamedMetric {
  readonly name: string;
  /** UCUM, as OpenTelemetry writes units. */
  readonly unit: string;
  readonly type: "counter" | "gauge" | "histogram";
}

/** The metric's name, or an empty text where nothing of it is left (a name of nothing but odd characters). */
export function metricName(metric: NamedMetric, { strategy, namespace }: MetricNaming): string {
  switch (strategy) {
    case "UnderscoreEscapingWithSuffixes":
      return begun(escapedWithSuffixes(metric, namespace));
    case "UnderscoreEscapingWithoutSuffixes":
      return begun(withNamespace(underscored(metric.name), underscored(namespace)));
    case "NoUTF8EscapingWithSuffixes":
      return withNamespace(suffixed(metric), namespace);
    case "NoTranslation":
      return withNamespace(metric.name, namespace);
    default:
      return strategy satisfies never;
  }
}

/** The unit as the name ends with it (before `_total`): what OpenMetrics' `# UNIT` says. Empty for none. */
export function unitSuffix(metric: NamedMetric): string {
  const { main, per } = unitWords(metric.unit);
  return [main, per, isRatio(metric) ? "ratio" : ""].filter(Boolean).join("_");
}

/** An attribute's key as a label name; different keys may give one name. */
export function labelName(key: string, strategy: TranslationStrategy): string {
  if (strategy === "NoTranslation" || strategy === "NoUTF8EscapingWithSuffixes") return key === "" ? "_" : key;
  const name = key.replace(/[^a-zA-Z0-9_]/gu, "_");
  // A single leading underscore is reserved by nobody and a digit is not allowed: the Collector marks both as keys.
  if (/^(_(?!_)|$)/.test(name)) return `key${name || "_"}`;
  return /^\d/.test(name) ? `key_${name}` : name;
}

function escapedWithSuffixes(metric: NamedMetric, namespace: string): string {
  const words = metric.name.split(/[^a-zA-Z0-9:]+/).filter(Boolean);
  if (words.length === 0) return "";
  const { main, per } = unitWords(metric.unit);
  if (main !== "" && !words.includes(main)) words.push(main);
  if (per !== "") words.push(per);
  return withNamespace(endingWith(words, typeSuffix(metric)).join("_"), underscored(namespace));
}

/** `_total` and `_ratio` stand at the end, wherever the name had them. */
function endingWith(words: readonly string[], suffix: string): readonly string[] {
  return suffix === "" ? words : [...words.filter((word) => word !== suffix), suffix];
}

function suffixed(metric: NamedMetric): string {
  const { main, per } = unitWords(metric.unit);
  const outer = [per, typeSuffix(metric)].filter(Boolean);
  // What the name ends with already is taken off, so that each suffix stands there once and in order.
  let base = outer.reduceRight(
    (name, suffix) => (endsWithWord(name, suffix) ? withoutWord(name, suffix) : name),
    metric.name,
  );
  if (main !== "" && !endsWithWord(base, main)) base += `_${main}`;
  return [base, ...outer].join("_");
}

const endsWithWord = (name: string, word: string) =>
  name.length > word.length + 1 && name.endsWith(word) && !/[a-zA-Z0-9]/.test(name.at(-word.length - 1)!);
const withoutWord = (name: string, word: string) => name.slice(0, -word.length - 1);

const typeSuffix = (metric: NamedMetric) => (metric.type === "counter" ? "total" : isRatio(metric) ? "ratio" : "");
// Counters of things often have the unit "1" as well, so that only a gauge is a ratio.
const isRatio = ({ type, unit }: NamedMetric) => type === "gauge" && unit === "1";

const underscored = (name: string) =>
  name
    .split(/[^a-zA-Z0-9:_]+/)
    .filter(Boolean)
    .join("_");

function withNamespace(name: string, namespace: string): string {
  return name === "" || namespace === "" ? name : `${namespace}_${name}`;
}

/** A classic name does not begin with a digit. */
const begun = (name: string) => (/^[0-9]/.test(name) ? `_${name}` : name);
