import * as z from "zod";
import { refuse } from "../../kit/fields.ts";
import { OttlError } from "../../kit/ottl/errors.ts";
import { compilePattern } from "../../kit/ottl/pattern.ts";
import type { Attributes, AttributeValue } from "../../model/attributes.ts";
import type { Resource } from "../../model/series.ts";

/** A data point (its series), a span or a log record. */
export interface Item {
  readonly resource: Resource;
  readonly attributes: Attributes;
}

/** What an item is called: that of its own signal alone. */
export interface ItemName {
  readonly metricName?: string;
  readonly spanName?: string;
  readonly logBody?: AttributeValue | undefined;
}

export type Selection = (item: Item, name: ItemName) => boolean;

const texts = (what: string) =>
  z.array(z.string()).min(1).optional().describe(`${what}, of which one has to match; of other signals nothing does.`);

const pairs = (what: string) =>
  z
    .array(
      z.strictObject({
        key: z.string().min(1).describe("The key that has to be there."),
        value: z
          .union([z.string(), z.number(), z.boolean()])
          .optional()
          .describe("The value that it has to have; without it any."),
      }),
    )
    .min(1)
    .optional()
    .describe(`${what}, all of which have to match.`);

const section = z.strictObject({
  match_type: z
    .enum(["strict", "regexp"])
    .describe("Whether texts have to be equal, or are patterns that have to match somewhere."),
  services: z.array(z.string()).min(1).optional().describe("Values of `service.name`, of which one has to match."),
  resources: pairs("Attributes of the resource"),
  attributes: pairs("Attributes"),
  metric_names: texts("Names of metrics"),
  span_names: texts("Names of spans"),
  log_bodies: texts("Bodies of log records that are texts"),
});

type Section = z.output<typeof section>;

/** The Collector's `include` or `exclude`: every list that is there has to match. */
export const selectionField = () =>
  section.transform((written, context): Selection => {
    if (Object.keys(written).length === 1) {
      return refuse(
        context,
        "missing_option",
        "it says nothing of what is meant",
        "services, resources, attributes, metric_names, span_names or log_bodies",
      );
    }
    try {
      return selectionOf(written);
    } catch (failure) {
      if (!(failure instanceof OttlError)) throw failure;
      return refuse(context, "bad_expression", failure.message, failure.expected ?? "a pattern");
    }
  });

function selectionOf(written: Section): Selection {
  const tests: Selection[] = [];
  const oneOf = (
    list: readonly string[] | undefined,
    read: (item: Item, name: ItemName) => AttributeValue | undefined,
  ) => {
    if (list === undefined) return;
    const matchers = list.map((text) => matcher(text, written.match_type));
    tests.push((item, name) => {
      const value = read(item, name);
      return value !== undefined && matchers.some((matches) => matches(value));
    });
  };
  const allOf = (list: Section["attributes"], read: (item: Item) => Attributes) => {
    for (const { key, value } of list ?? []) {
      const matches = value === undefined ? () => true : matcher(value, written.match_type);
      tests.push((item) => {
        const attributes = read(item);
        return Object.hasOwn(attributes, key) && matches(attributes[key]!);
      });
    }
  };
  oneOf(written.services, ({ resource }) => resource.attributes["service.name"]);
  oneOf(written.metric_names, (_, { metricName }) => metricName);
  oneOf(written.span_names, (_, { spanName }) => spanName);
  oneOf(written.log_bodies, (_, { logBody }) => logBody);
  allOf(written.resources, ({ resource }) => resource.attributes);
  allOf(written.attributes, ({ attributes }) => attributes);
  return (item, name) => tests.every((test) => test(item, name));
}

function matcher(
  wanted: string | number | boolean,
  matchType: Section["match_type"],
): (value: AttributeValue) => boolean {
  if (matchType === "strict" || typeof wanted !== "string") return (value) => value === wanted;
  const pattern = compilePattern(wanted, 0);
  return (value) => typeof value === "string" && pattern.test(value);
}
