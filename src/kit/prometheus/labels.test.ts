import fc from "fast-check";
import { expect, test } from "vitest";
import { labelsFrom, labelsOfText, labelText, labelValue } from "./labels.ts";

test("labels are sorted, and values of one name joined in the order of arrival", () => {
  const labels = labelsFrom([
    ["b", "2"],
    ["a", "1"],
    ["b", "1"],
  ]);
  expect(labelText(labels, "underscores")).toBe('a="1",b="2;1"');
});

test("odd names that become equal for a scraper without UTF-8 are one label", () => {
  const labels = labelsFrom([
    ["a.b", "1"],
    ["a_b", "2"],
    ["a:b", "3"],
  ]);
  expect(labelText(labels, "allow-utf-8")).toBe('"a.b"="1","a:b"="3",a_b="2"');
  expect(labelText(labels, "underscores")).toBe('a_b="1;3;2"');
});

test("an empty value is the same as no label", () => {
  expect(labelsFrom([["a", ""]])).toEqual({});
});

test("a label may be called __proto__", () => {
  expect(labelText(labelsFrom([["__proto__", "x"]]), "underscores")).toBe('__proto__="x"');
});

test("labels can be read from their text again", () => {
  const odd = fc.string({ unit: fc.constantFrom("a", "_", ".", '"', "\\", "n", "\n", ",", "=", "{", "1", "é", "😀") });
  fc.assert(
    fc.property(fc.array(fc.tuple(odd, odd), { maxLength: 5 }), (pairs) => {
      const labels = labelsFrom(pairs);
      expect(labelsOfText(labelText(labels, "allow-utf-8"))).toEqual(labels);
    }),
  );
});

test.each([
  ["text", "text"],
  [5, "5"],
  [1.5, "1.5"],
  [true, "true"],
  [9007199254740993n, "9007199254740993"],
  [["a", 'b"'], '["a","b\\""]'],
  [[1n, 9007199254740993n], '[1,"9007199254740993"]'],
  [new Uint8Array([1, 2, 255]), "AQL/"],
] as const)("the attribute value %s is the label value %s", (value, expected) => {
  expect(labelValue(value)).toBe(expected);
});
