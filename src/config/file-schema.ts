import type { AnyDefinition } from "../component/define.ts";
import { COMPONENT_KINDS, type ComponentKind } from "../component/id.ts";
import { SIGNALS } from "../model/signal.ts";
import type { JsonSchema } from "./json-schema.ts";
import { SECTION_OF_KIND, schemaOf, serviceJsonSchema } from "./option-schema.ts";

const SECTION_DESCRIPTIONS: Readonly<Record<ComponentKind, string>> = {
  receiver: "Where data comes from, by id: `type` or `type/name`.",
  processor: "What happens to data on its way, by id: `type` or `type/name`.",
  exporter: "Where data goes, by id: `type` or `type/name`.",
  connector: "What joins pipelines: an exporter of one and a receiver of another, by id: `type` or `type/name`.",
  extension: "What serves other components, by id: `type` or `type/name`.",
};

/**
 * The JSON Schema of a whole configuration file, for editors. It takes what the agent takes: a section without a value,
 * and `${...}` in the place of anything.
 */
export function fileSchema(definitions: readonly AnyDefinition[]): JsonSchema & Readonly<Record<string, unknown>> {
  const sections = COMPONENT_KINDS.map((kind) => [SECTION_OF_KIND[kind], sectionSchema(definitions, kind)] as const);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "gostcol configuration",
    ...lenient({
      type: "object",
      properties: { ...Object.fromEntries(sections), service: serviceFileSchema() },
      additionalProperties: false,
    }),
  };
}

function sectionSchema(definitions: readonly AnyDefinition[], kind: ComponentKind): JsonSchema {
  const entries = definitions
    .filter((definition) => definition.kind === kind)
    .flatMap((definition) => [
      [patternOf(definition.type), describedSchema(definition)] as const,
      ...(definition.aliases ?? []).map(
        (alias) =>
          [
            patternOf(alias),
            { ...describedSchema(definition), deprecated: true, replacement: definition.type },
          ] as const,
      ),
    ]);
  return {
    type: "object",
    description: SECTION_DESCRIPTIONS[kind],
    patternProperties: Object.fromEntries(entries),
    additionalProperties: false,
  };
}

const patternOf = (type: string) => `^${type}(/.+)?$`;

const describedSchema = (definition: AnyDefinition): JsonSchema => ({
  ...schemaOf(definition),
  description: definition.summary,
});

/** Pipelines are named by their signal, which a schema of records cannot say. */
function serviceFileSchema(): JsonSchema {
  const service = serviceJsonSchema();
  const { pipelines, ...others } = service.properties ?? {};
  const { additionalProperties, propertyNames: _, ...rest } = pipelines as JsonSchema & { propertyNames?: unknown };
  const pipeline = typeof additionalProperties === "object" ? additionalProperties : {};
  return {
    ...service,
    description: "What of the configured components runs, and how it hangs together.",
    properties: {
      ...others,
      pipelines: {
        ...rest,
        patternProperties: { [`^(${SIGNALS.join("|")})(/.+)?$`]: pipeline },
        additionalProperties: false,
      },
    },
  };
}

const REFERENCE: JsonSchema = { type: "string", pattern: "\\$\\{" };

/** Lets a reference stand for every value, and nothing for every option that is left to its default. */
function lenient(schema: JsonSchema): JsonSchema {
  const { anyOf, oneOf, items, prefixItems, properties, patternProperties, additionalProperties } = schema;
  const inner: JsonSchema = {
    ...schema,
    ...(anyOf && { anyOf: anyOf.map(lenient) }),
    ...(oneOf && { oneOf: oneOf.map(lenient) }),
    ...(typeof items === "object" && { items: lenient(items) }),
    ...(prefixItems && { prefixItems: prefixItems.map(lenient) }),
    ...(properties && { properties: mapValues(properties, lenient) }),
    ...(patternProperties && { patternProperties: mapValues(patternProperties, lenient) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: lenient(additionalProperties) }),
  };
  const { type } = schema;
  if (type === undefined || type === "null") return inner;
  const types = typeof type === "string" ? [type] : type;
  const plain = schema.enum === undefined && schema.const === undefined && schema.pattern === undefined;
  if (plain && types.includes("string")) return inner;
  if (plain) return { ...inner, type: [...types, "string", "null"], pattern: REFERENCE.pattern! };
  const { description, default: fallback, deprecated, ...rest } = inner;
  return {
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    ...(deprecated !== undefined && { deprecated }),
    anyOf: [rest, REFERENCE, { type: "null" }],
  };
}

function mapValues<Value>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
