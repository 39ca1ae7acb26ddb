import * as z from "zod";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";

/**
 * As much of `jsonSchema` as the loader asks for (which options there are, of what types, with what marks; no defaults,
 * no limits), each section worked out when somebody looks into it. A configuration touches few of the options that there
 * are, and writing all of them out takes longer than all the rest of loading.
 */
export function schemaView(schema: z.core.$ZodType): JsonSchema {
  return view(schema, {});
}

/** `outer`: what is said of the option by whatever is wrapped around the schema. */
function view(schema: z.core.$ZodType, outer: JsonSchema): JsonSchema {
  const marks = { ...(z.globalRegistry.get(schema) as JsonSchema | undefined), ...outer };
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "default":
    case "prefault":
      return view(def.innerType, marks);
    case "pipe":
      return view(isTransform(def.in) ? def.out : def.in, marks);
    case "object":
      return lazily({ type: "object", ...marks }, { properties: () => lazily({}, eachView(def.shape)) });
    case "record":
      return lazily({ type: "object", ...marks }, { additionalProperties: () => schemaView(def.valueType) });
    case "array":
      return lazily({ type: "array", ...marks }, { items: () => schemaView(def.element) });
    case "union":
      return lazily({ ...marks }, { anyOf: () => def.options.map(schemaView) });
    case "enum":
      return { enum: Object.values(def.entries), ...marks };
    case "string":
    case "number":
    case "boolean":
      return { type: def.type, ...marks };
    default:
      return { ...jsonSchema(schema), ...marks };
  }
}

const isTransform = (schema: z.core.$ZodType) => schema._zod.def.type === "transform";

function eachView(shape: z.core.$ZodShape): Readonly<Record<string, () => JsonSchema>> {
  return Object.fromEntries(Object.entries(shape).map(([name, option]) => [name, () => schemaView(option)]));
}

/** Adds members to `target` that are made when they are first read. */
function lazily<Target extends object>(target: Target, members: Readonly<Record<string, () => unknown>>): Target {
  for (const [name, make] of Object.entries(members)) {
    const get = () => {
      const value = make();
      Object.defineProperty(target, name, { enumerable: true, value });
      return value;
    };
    Object.defineProperty(target, name, { enumerable: true, configurable: true, get });
  }
  return target;
}
