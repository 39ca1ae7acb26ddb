import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Attributes } from "../../model/attributes.ts";
import { attributeActions } from "./action-fields.ts";
import { allEdits } from "./attribute-edit.ts";

const edited = (actions: readonly object[], attributes: Attributes) =>
  allEdits(attributeActions().parse(actions))(attributes);
const sha256 = (data: string | Uint8Array) => createHash("sha256").update(data).digest("hex");

test.each([
  ["insert", { a: 1 }, { a: 1 }],
  ["insert", {}, { a: "v" }],
  ["update", { a: 1 }, { a: "v" }],
  ["update", {}, {}],
  ["upsert", { a: 1 }, { a: "v" }],
  ["upsert", {}, { a: "v" }],
])("%s makes of %o %o", (action, before, after) => {
  expect(edited([{ action, key: "a", value: "v" }], before)).toEqual(after);
});

test("a value comes from another attribute, or is the default where that is not there", () => {
  const copy = { action: "upsert", key: "a", from_attribute: "b" };
  expect(edited([copy], { b: 5 })).toEqual({ a: 5, b: 5 });
  expect(edited([copy], { c: 5 })).toEqual({ c: 5 });
  expect(edited([{ ...copy, default_value: "none" }], {})).toEqual({ a: "none" });
});

test("names of what every object has are attributes like any other", () => {
  expect(edited([{ action: "insert", key: "constructor", from_attribute: "toString" }], {})).toEqual({});
  const made = edited([{ action: "upsert", key: "__proto__", value: "x" }], {});
  expect(Object.entries(made)).toEqual([["__proto__", "x"]]);
});

test("delete and hash are done to a key and to the keys that match", () => {
  const attributes = { a: "1", "b.x": "2", "b.y": "3", c: "4" };
  expect(edited([{ action: "delete", key: "a", pattern: "^b[.]" }], attributes)).toEqual({ c: "4" });
  expect(edited([{ action: "hash", key: "a", pattern: "y$" }], attributes)).toEqual({
    ...attributes,
    a: sha256("1"),
    "b.y": sha256("3"),
  });
});

test("a hash is of the bytes that the Collector hashes", () => {
  const hash = { action: "hash", pattern: "." };
  expect(edited([hash], { int: 258, double: 0.5, yes: true, empty: "", list: ["a"] })).toEqual({
    int: sha256(Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0)),
    double: sha256(Uint8Array.of(0, 0, 0, 0, 0, 0, 0xe0, 0x3f)),
    yes: sha256(Uint8Array.of(1)),
    empty: sha256(""),
    list: "",
  });
});

test("extract makes attributes of named groups where a text matches", () => {
  const extract = { action: "extract", key: "a", pattern: "^(?P<site>[a-z]+)-(?P<number>\\d+)(?P<rest>!)?" };
  expect(edited([extract], { a: "fra-12", site: "old" })).toEqual({ a: "fra-12", site: "fra", number: "12", rest: "" });
  for (const attributes of [{ a: "FRA" }, { a: 12 }, {}]) expect(edited([extract], attributes)).toBe(attributes);
});

test.each([
  ["12", "int", 12],
  [1.9, "int", 1],
  [true, "int", 1],
  ["x", "int", "x"],
  ["9223372036854775808", "int", "9223372036854775808"],
  ["1.5", "double", 1.5],
  ["x", "double", "x"],
  [12, "string", "12"],
  [false, "string", "false"],
  [["a"], "string", '["a"]'],
])("converts %o to %s as %o", (value, converted_type, result) => {
  expect(edited([{ action: "convert", key: "a", converted_type }], { a: value })).toEqual({ a: result });
});

test("actions are done one after the other, and leave alone what they do not change", () => {
  const actions = [
    { action: "insert", key: "b", from_attribute: "a" },
    { action: "delete", key: "a" },
    { action: "update", key: "b", value: "w" },
  ];
  expect(edited(actions, { a: "v" })).toEqual({ b: "w" });
  const attributes = { c: "v" };
  expect(edited([...actions.slice(1), { action: "upsert", key: "c", value: "v" }], attributes)).toBe(attributes);
});

test.each([
  [{ action: "insert", key: "a" }, "exclusive_options", "value"],
  [{ action: "insert", key: "a", value: 1, from_attribute: "b" }, "exclusive_options", "value"],
  [{ action: "upsert", value: 1 }, "missing_option", "key"],
  [{ action: "delete" }, "missing_option", "key"],
  [{ action: "delete", key: "a", value: 1 }, "exclusive_options", "value"],
  [{ action: "extract", key: "a" }, "missing_option", "pattern"],
  [{ action: "extract", key: "a", pattern: "(a)(?P<b>b)" }, "bad_expression", "pattern"],
  [{ action: "extract", key: "a", pattern: "a" }, "bad_expression", "pattern"],
  [{ action: "hash", pattern: "(" }, "bad_expression", "pattern"],
  [{ action: "convert", key: "a" }, "missing_option", "converted_type"],
])("a mistake in %o is %s at %s", (action, code, path) => {
  expect(attributeActions().safeParse([action]).error?.issues).toMatchObject([{ path: [0, path], params: { code } }]);
});
