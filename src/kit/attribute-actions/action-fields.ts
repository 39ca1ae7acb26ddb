import * as z from "zod";
import { refuse } from "../fields.ts";
import { pattern } from "../ottl/fields.ts";
import type { Pattern } from "../ottl/pattern.ts";
import {
  type AttributeEdit,
  convertAttribute,
  deleteAttributes,
  extractAttributes,
  hashAttributes,
  setAttribute,
  type ValueSource,
} from "./attribute-edit.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const action = z.strictObject({
  action: z
    .enum(["insert", "update", "upsert", "delete", "hash", "extract", "convert"])
    .describe("What is done: see the README."),
  key: z.string().min(1).optional().describe("The attribute that it is done to."),
  value: z
    .union([scalar, z.array(scalar)])
    .optional()
    .describe("The value, for insert, update and upsert."),
  from_attribute: z.string().min(1).optional().describe("The attribute whose value is taken."),
  default_value: z
    .union([scalar, z.array(scalar)])
    .optional()
    .describe("The value where `from_attribute` is not there; without it nothing is done then."),
  pattern: pattern()
    .optional()
    .describe("For delete and hash: the keys that it is done to as well. For extract: a pattern with named groups."),
  converted_type: z.enum(["int", "double", "string"]).optional().describe("The type that convert makes."),
});

type WrittenAction = z.output<typeof action>;

/** The Collector's `actions`: a list of them, ready to run. */
export const attributeActions = () =>
  z.array(action.transform((written, context): AttributeEdit => edit(written, context))).min(1);

/** What each action needs, and what it can have besides; everything else has no effect and is a mistake. */
const FIELDS: Readonly<Record<WrittenAction["action"], readonly (keyof WrittenAction)[]>> = {
  insert: ["key", "value", "from_attribute", "default_value"],
  update: ["key", "value", "from_attribute", "default_value"],
  upsert: ["key", "value", "from_attribute", "default_value"],
  delete: ["key", "pattern"],
  hash: ["key", "pattern"],
  extract: ["key", "pattern"],
  convert: ["key", "converted_type"],
};

function edit(written: WrittenAction, context: z.RefinementCtx): AttributeEdit {
  const { action: kind, key, pattern: found } = written;
  const mistake = (field: keyof WrittenAction, code: string, message: string, expected: string) =>
    refuse(context, code, message, { path: [field], expected });
  for (const field of Object.keys(written) as (keyof WrittenAction)[]) {
    if (field === "action" || written[field] === undefined || FIELDS[kind].includes(field)) continue;
    return mistake(field, "exclusive_options", `${kind} does nothing with it`, FIELDS[kind].join(", "));
  }
  if (kind === "delete" || kind === "hash") {
    if (key === undefined && found === undefined) {
      return mistake("key", "missing_option", `${kind} needs a key or a pattern`, "key, pattern or both");
    }
    const matches = (name: string) => name === key || found?.test(name) === true;
    return kind === "delete" ? deleteAttributes(matches) : hashAttributes(matches);
  }
  if (key === undefined) return mistake("key", "missing_option", `${kind} needs a key`, "the key of an attribute");
  switch (kind) {
    case "insert":
    case "update":
    case "upsert": {
      if ((written.value === undefined) === (written.from_attribute === undefined)) {
        return mistake("value", "exclusive_options", `${kind} needs one value`, "either value or from_attribute");
      }
      return setAttribute(kind, key, sourceOf(written));
    }
    case "extract": {
      if (found === undefined) return mistake("pattern", "missing_option", "extract needs a pattern", "a pattern");
      if (!hasNamesOnly(found)) {
        return mistake("pattern", "bad_expression", "its groups are not all named", 'groups such as "(?P<name>...)"');
      }
      return extractAttributes(key, found);
    }
    case "convert":
      if (written.converted_type === undefined) {
        return mistake("converted_type", "missing_option", "convert needs a type", "int, double or string");
      }
      return convertAttribute(key, written.converted_type);
    default:
      return kind satisfies never;
  }
}

function sourceOf({ value, from_attribute: from, default_value: otherwise }: WrittenAction): ValueSource {
  if (from === undefined) return () => value;
  return (attributes) => (Object.hasOwn(attributes, from) ? attributes[from] : otherwise);
}

const hasNamesOnly = ({ groups }: Pattern): boolean => groups.length > 0 && groups.every((name) => name !== undefined);
