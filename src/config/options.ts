import type { JsonSchema } from "./json-schema.ts";
import { alternatives } from "./option-schema.ts";

/** One option as a table, `explain` and the documentation show it. */
export interface Option {
  /** From the component's section: `limits.series`, `auth.tokens[].token`, `headers.<name>`. */
  readonly path: string;
  /** `whole number, at least 1`. */
  readonly type: string;
  /** As it would be written; undefined where there is none. */
  readonly default: string | undefined;
  readonly required: boolean;
  readonly description: string;
}

/** All options that a section takes, in the order in which its schema has them, sections before what is in them. */
export function optionsOf(schema: JsonSchema, prefix = ""): readonly Option[] {
  return alternatives(schema).flatMap((alternative) =>
    Object.entries(alternative.properties ?? {}).flatMap(([name, option]) => {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      return [optionOf(path, option, alternative.required?.includes(name) ?? false), ...optionsBelow(option, path)];
    }),
  );
}

export function optionOf(path: string, schema: JsonSchema, required: boolean): Option {
  const notes = [
    schema.secret ? "A secret: never shown." : "",
    schema.deprecated ? `Out of date${schema.replacement ? `: use \`${schema.replacement}\`` : ""}.` : "",
  ];
  return {
    path,
    type: typeText(schema),
    default: defaultText(schema.default),
    required,
    description: [schema.description ?? "", ...notes].filter((text) => text !== "").join(" "),
  };
}

function optionsBelow(schema: JsonSchema, path: string): readonly Option[] {
  return alternatives(schema).flatMap((alternative) => {
    const { items, additionalProperties } = alternative;
    return [
      ...optionsOf(
        { ...(alternative.properties && { properties: alternative.properties }), required: alternative.required ?? [] },
        path,
      ),
      ...(typeof items === "object" ? optionsBelow(items, `${path}[]`) : []),
      ...(typeof additionalProperties === "object" ? optionsBelow(additionalProperties, `${path}.<name>`) : []),
    ];
  });
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  duration: "duration",
  "byte-size": "size",
  "host-port": "address",
  secret: "secret",
  "extension-id": "extension",
};

/** What may be written, in words. */
export function typeText(schema: JsonSchema): string {
  const named = schema.format === undefined ? undefined : FORMAT_NAMES[schema.format];
  if (named !== undefined) return named;
  const branches = alternatives(schema);
  if (branches.length > 1) return [...new Set(branches.map(typeText))].join(" or ");
  const [{ type, enum: values, const: only, items, additionalProperties }] = branches as [JsonSchema];
  if (values) return values.map(String).join(", ");
  if (only !== undefined) return String(only);
  if (typeof type === "object") return type.map((name) => TYPE_NAMES[name] ?? name).join(" or ");
  if (type === "array") return typeof items === "object" ? `list: ${typeText(items)}` : "list";
  if (type === "object" && typeof additionalProperties === "object") {
    return `names with ${typeText(additionalProperties)}`;
  }
  return `${TYPE_NAMES[type ?? ""] ?? type ?? "anything"}${limitsText(schema)}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  number: "number",
  boolean: "true or false",
  object: "section",
  null: "nothing",
};

/** The limits of whole numbers that JavaScript has by itself are not worth words. */
function limitsText({ minimum, maximum }: JsonSchema): string {
  const least = minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (least !== undefined && most !== undefined) return `, ${least} to ${most}`;
  if (least !== undefined) return `, at least ${least}`;
  return most === undefined ? "" : `, at most ${most}`;
}

/** Empty sections and lists as defaults say nothing: what is in them has its own. */
function defaultText(value: unknown): string | undefined {
  if (value === undefined || (typeof value === "object" && Object.keys(value ?? {}).length === 0)) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}
