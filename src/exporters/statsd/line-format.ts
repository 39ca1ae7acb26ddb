import { labelValue } from "../../kit/prometheus/labels.ts";
import type { Attributes } from "../../model/attributes.ts";
import type { Series } from "../../model/series.ts";
import type { Config } from "./config.ts";

/** The types of StatsD's lines. */
export type LineType = "c" | "g" | "ms" | "h" | "d";

/** How a series is written: what stands before the value and behind the type, worked out once. */
export interface LineShape {
  line(value: string, type: LineType, rate?: number): string;
}

/** What StatsD's lines are made of, and what a server splits them at: nothing of it may come out of a name or a value. */
const SPECIAL: Readonly<Record<Config["format"], RegExp>> = {
  statsd: /[^A-Za-z0-9_-]+/g,
  dogstatsd: /[\s,|#@:\p{Cc}\p{Cs}]+/gu,
  graphite_tags: /[\s;|~@:=\p{Cc}\p{Cs}]+/gu,
  influx: /[\s,|@:=\\\p{Cc}\p{Cs}]+/gu,
};
/** Servers take names of some hundred bytes; a tag that is longer says no more. */
const VALUE_LENGTH_MAX = 200;

/**
 * The line of a series. `suffix` is put behind the name (`.count`), `extra` beside its attributes.
 * Where nothing is left of a value it is `_`, so that no tag and no part of a name is ever empty.
 */
export function lineShape(
  { metric, resource, attributes }: Series,
  config: Pick<Config, "format" | "prefix" | "tags" | "resource_attributes">,
  { suffix = "", extra = {} }: { readonly suffix?: string; readonly extra?: Attributes } = {},
): LineShape {
  const { format, prefix } = config;
  const name = [...(prefix === "" ? [] : [prefix]), metric.name].map((part) => safeName(part)).join(".") + suffix;
  const tags: [string, string][] = [];
  const add = (all: Attributes, keys = Object.keys(all).sort()) => {
    for (const key of keys)
      if (all[key] !== undefined) tags.push([safe(key, format), safe(labelValue(all[key]), format)]);
  };
  add(config.tags);
  add(resource.attributes, [...config.resource_attributes]);
  add(attributes);
  add(extra);
  const rateText = (rate: number | undefined) => (rate === undefined || rate === 1 ? "" : `|@${rate}`);
  switch (format) {
    case "statsd": {
      const full = [name, ...tags.map(([, value]) => value)].join(".");
      return { line: (value, type, rate) => `${full}:${value}|${type}${rateText(rate)}` };
    }
    case "dogstatsd": {
      const list = tags.length === 0 ? "" : `|#${tags.map(([key, value]) => `${key}:${value}`).join(",")}`;
      return { line: (value, type, rate) => `${name}:${value}|${type}${rateText(rate)}${list}` };
    }
    case "graphite_tags":
    case "influx": {
      const mark = format === "influx" ? "," : ";";
      const full = [name, ...tags.map(([key, value]) => `${key}=${value}`)].join(mark);
      return { line: (value, type, rate) => `${full}:${value}|${type}${rateText(rate)}` };
    }
    default:
      return format satisfies never;
  }
}

/** Whether a number with a sign is a change of a gauge, and no value, to servers of this kind. */
export function signIsRelative(format: Config["format"]): boolean {
  return format !== "dogstatsd";
}

function safe(text: string, format: Config["format"]): string {
  const clean = text.slice(0, VALUE_LENGTH_MAX).toWellFormed().replace(SPECIAL[format], "_");
  return clean === "" ? "_" : clean;
}

function safeName(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]+/g, "_");
}
