import { expect, test } from "vitest";
import * as z from "zod";
import { allDefinitions } from "../component/registry.ts";
import { fakeRegistry } from "./fake-registry.ts";
import { type JsonSchema, jsonSchema } from "./json-schema.ts";
import { alternatives, holdsSecret, optionNames, typesOf } from "./option-schema.ts";
import { schemaView } from "./schema-view.ts";
import { serviceSchema } from "./service-schema.ts";

/** What the loader sees of a schema, at each place where there can be an option. */
function seen(schema: JsonSchema, path = ""): Record<string, unknown> {
  const at = {
    // Whether a number has to be whole is not seen, and nobody asks.
    types: [...typesOf(schema)].map((type) => (type === "integer" ? "number" : type)).toSorted(),
    names: optionNames(schema),
    holdsSecret: holdsSecret(schema),
    secret: alternatives(schema).some(({ secret }) => secret),
    deprecated: alternatives(schema).some(({ deprecated }) => deprecated),
    replacement: schema.replacement,
  };
  const below = alternatives(schema).flatMap(({ properties = {}, items, additionalProperties }) => [
    ...Object.entries(properties),
    ...(typeof items === "object" ? [["[]", items] as const] : []),
    ...(typeof additionalProperties === "object" ? [["<name>", additionalProperties] as const] : []),
  ]);
  return Object.assign({ [path]: at }, ...below.map(([step, child]) => seen(child, `${path}.${step}`)));
}

const preprocessed = z.preprocess((value) => value, z.strictObject({ inner: z.string().meta({ secret: true }) }));

const schemas: readonly (readonly [string, z.ZodType])[] = [
  ["the section service", serviceSchema],
  ["a schema behind a conversion", z.strictObject({ preprocessed })],
  ["marks around a section", z.strictObject({ old: z.strictObject({}).optional().meta({ deprecated: true }) })],
  ["what has no view of its own", z.strictObject({ pair: z.tuple([z.string()]), only: z.literal(["a", 1]) })],
  ...(await allDefinitions(fakeRegistry)).map(({ kind, type, config }) => [`the ${kind} ${type}`, config] as const),
];

test.each(schemas)("the loader sees %s as its JSON Schema has it", (_, schema) => {
  expect(seen(schemaView(schema))).toEqual(seen(jsonSchema(schema)));
});

test("an option is not worked out before somebody looks at it", () => {
  const looked = z.lazy((): z.ZodType => {
    throw new Error("looked at");
  });
  const { properties } = schemaView(z.strictObject({ plain: z.string(), looked }));
  expect(properties?.["plain"]).toEqual({ type: "string" });
  expect(() => properties?.["looked"]).toThrow("looked at");
});
