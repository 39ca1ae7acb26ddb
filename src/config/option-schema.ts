import type { AnyDefinition } from "../component/define.ts";
import { COMPONENT_KINDS, type ComponentKind } from "../component/id.ts";
import type { Catalog, Registry } from "../component/registry.ts";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";
import { schemaView } from "./schema-view.ts";
import { serviceSchema } from "./service-schema.ts";
import type { ConfigPath } from "./tree.ts";

/** The sections of a configuration that hold components, by kind. */
export const SECTION_OF_KIND = {
  receiver: "receivers",
  processor: "processors",
  exporter: "exporters",
  connector: "connectors",
  extension: "extensions",
} as const satisfies Record<ComponentKind, keyof Registry>;

export const SECTIONS: readonly string[] = [...Object.values(SECTION_OF_KIND), "service"];

export function kindOfSection(section: string | number | undefined): ComponentKind | undefined {
  return COMPONENT_KINDS.find((kind) => SECTION_OF_KIND[kind] === section);
}

/** The type of a component, as far as its id can be read. */
export const typeOf = (id: string): string => id.split("/")[0]!.trim();

/** What users write into a component's section, as JSON Schema. */
export function schemaOf(definition: Pick<AnyDefinition, "config">): JsonSchema {
  return jsonSchema(definition.config);
}

export const serviceJsonSchema = (): JsonSchema => jsonSchema(serviceSchema);

/**
 * Tells what may stand at a path of the configuration, without defaults and limits; undefined where nothing may, or below
 * a component that has not been loaded.
 */
export type OptionLookup = (path: ConfigPath) => JsonSchema | undefined;

export function optionLookup(catalog: Catalog): OptionLookup {
  const known = new Map<AnyDefinition, JsonSchema>();
  let service: JsonSchema | undefined;
  return ([section, id, ...rest]) => {
    if (section === undefined) return { type: "object" };
    if (section === "service") {
      service ??= schemaView(serviceSchema);
      return stepInto(service, id === undefined ? [] : [id, ...rest]);
    }
    const kind = kindOfSection(section);
    if (kind === undefined) return undefined;
    if (id === undefined) return { type: "object" };
    const definition = catalog.find(kind, typeOf(String(id)));
    if (definition === undefined) return undefined;
    let schema = known.get(definition);
    if (schema === undefined) {
      schema = schemaView(definition.config);
      known.set(definition, schema);
    }
    return stepInto(schema, rest);
  };
}

/** The schema of what is at `path` below what `schema` describes; alternatives that agree on the path are kept beside each other. */
export function stepInto(schema: JsonSchema, path: ConfigPath): JsonSchema | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return schema;
  const found = alternatives(schema).flatMap((alternative) => {
    const child = childSchema(alternative, step);
    const below = child && stepInto(child, rest);
    return below ? [below] : [];
  });
  return found.length > 1 ? { anyOf: found } : found[0];
}

/** The schema's branches, those of nested unions too; itself where it has none. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  const branches = schema.anyOf ?? schema.oneOf;
  return branches ? branches.flatMap(alternatives) : [schema];
}

function childSchema(schema: JsonSchema, step: string | number): JsonSchema | undefined {
  if (typeof step === "number") {
    return schema.prefixItems?.[step] ?? (typeof schema.items === "object" ? schema.items : undefined);
  }
  if (schema.properties && Object.hasOwn(schema.properties, step)) return schema.properties[step];
  for (const [pattern, child] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, "u").test(step)) return child;
  }
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** The names that may stand in a map that `schema` describes. */
export function optionNames(schema: JsonSchema | undefined): readonly string[] {
  return schema ? alternatives(schema).flatMap((alternative) => Object.keys(alternative.properties ?? {})) : [];
}

/** JSON's names of the types that the schema takes. */
export function typesOf(schema: JsonSchema): ReadonlySet<string> {
  const types = new Set<string>();
  for (const { type, const: only, enum: values } of alternatives(schema)) {
    if (type !== undefined) for (const name of typeof type === "string" ? [type] : type) types.add(name);
    else for (const value of values ?? (only === undefined ? [] : [only])) types.add(typeof value);
  }
  return types;
}

/** Whether what stands there is a secret, or holds one where it has the right shape. */
export function holdsSecret(schema: JsonSchema): boolean {
  if (schema.secret) return true;
  const { items, additionalProperties } = schema;
  return [
    ...(schema.anyOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.prefixItems ?? []),
    ...Object.values(schema.properties ?? {}),
    ...Object.values(schema.patternProperties ?? {}),
    ...(typeof items === "object" ? [items] : []),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
  ].some(holdsSecret);
}
