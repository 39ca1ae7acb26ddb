import { escapeQuoted } from "../../kit/prometheus/escaping.ts";
import { labelText, labelValue } from "../../kit/prometheus/labels.ts";
import type { SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import type { Attributes } from "../../model/attributes.ts";
import type { Resource, Scope, Series } from "../../model/series.ts";

/** A resource with more kinds of series than this has the text of further ones made from scratch. */
const TEMPLATES_MAX = 64;

/** A text with gaps. */
interface Template {
  readonly scope: Scope;
  readonly histogram: boolean;
  /** In the order in which the series' attributes stand. */
  readonly keys: readonly string[];
  /** What stands there in turns with the gaps: every other part, from the first to the last. */
  readonly parts: readonly string[];
  /** The keys of the values that go there. */
  readonly gaps: readonly string[];
}

/**
 * The label texts of series. A hundred thousand clients differ in the values of their attributes alone, so for each kind
 * of series the text is made once, with gaps for these.
 */
export class LabelTexts {
  readonly #naming: SeriesNaming;
  readonly #templates = new WeakMap<Resource, Template[]>();

  constructor(naming: SeriesNaming) {
    this.#naming = naming;
  }

  /** Equal exactly when Prometheus could not tell two series of one name apart. */
  of(series: Series): string {
    return this.#filled(series) ?? labelText(this.#naming.labels(series), "allow-utf-8");
  }

  #filled(series: Series): string | undefined {
    const { resource, attributes } = series;
    const templates = this.#templatesOf(resource);
    const template = templates.find((each) => fits(each, series)) ?? this.#learned(templates, series);
    return template && filled(template, attributes);
  }

  #templatesOf(resource: Resource): Template[] {
    let templates = this.#templates.get(resource);
    if (templates === undefined) {
      templates = [];
      this.#templates.set(resource, templates);
    }
    return templates;
  }

  #learned(templates: Template[], series: Series): Template | undefined {
    if (templates.length >= TEMPLATES_MAX) return undefined;
    const { attributes, scope, metric } = series;
    const keys = Object.keys(attributes);
    const marked = Object.fromEntries(keys.map((key, index) => [key, `\0${index}\0`]));
    const text = labelText(this.#naming.labels({ ...series, attributes: marked }), "allow-utf-8");
    const parts = text.split("\0");
    const gaps = parts.filter((_, index) => index % 2 === 1).map((index) => keys[Number(index)]!);
    // Where something else has such marks.
    if (gaps.length !== keys.length || !keys.every((key) => gaps.includes(key))) return undefined;
    const template = { scope, histogram: metric.type === "histogram", keys, parts, gaps };
    templates.push(template);
    return template;
  }
}

function fits({ scope, histogram, keys }: Template, series: Series): boolean {
  if (series.scope !== scope || (series.metric.type === "histogram") !== histogram) return false;
  let index = 0;
  for (const key in series.attributes) if (keys[index++] !== key) return false;
  return index === keys.length;
}

/** Undefined where a value is empty: then the label is not there, and another may take its place. */
function filled({ parts, gaps }: Template, attributes: Attributes): string | undefined {
  const whole = parts.slice();
  for (let index = 0; index < gaps.length; index++) {
    const value = labelValue(attributes[gaps[index]!]!);
    if (value === "") return undefined;
    whole[2 * index + 1] = escapeQuoted(value);
  }
  return whole.join("");
}
