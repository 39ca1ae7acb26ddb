import { describe, expect, test } from "vitest";
import { seededRandom } from "../lib/random.ts";
import { type Attributes, type AttributeValue, attributesKey } from "./attributes.ts";
import { AttributesIndex, areSame } from "./attributes-index.ts";

const VALUES: readonly AttributeValue[] = [
  "",
  "1",
  "a client",
  "\ud800",
  1,
  1.5,
  0,
  -0,
  Number.NaN,
  1n,
  true,
  null,
  new Uint8Array([1, 2]),
  ["1", 1],
  { inner: "1" },
];

describe("two sets of attributes are the same exactly when their keys are", () => {
  const sets: Attributes[] = [{}, { b: "2", a: "1" }, { a: "1", b: "2" }, { a: "1", b: "2", c: "3" }];
  for (const value of VALUES) sets.push({ a: value }, { b: value }, { a: value, b: "1" });
  sets.push({ a: new Uint8Array([1, 2]) }, { a: ["1", 1] }, JSON.parse('{"__proto__":"1"}'));

  test.each(sets.map((set) => [attributesKey(set), set] as const))("%s", (key, set) => {
    for (const other of sets) expect(areSame(set, other)).toBe(attributesKey(other) === key);
  });
});

test("an index gives what a map by their keys gives, whatever is put in and taken out", () => {
  const random = seededRandom(1);
  const any = (): Attributes => {
    const attributes: Record<string, AttributeValue> = {};
    for (const key of random.integer(2) === 0 ? ["x", "y"] : ["y", "x"]) {
      const value = random.integer(40);
      if (value > 0) attributes[key] = VALUES[value] ?? `client-${value}`;
    }
    return attributes;
  };
  for (let life = 0; life < 20; life++) {
    const index = new AttributesIndex<{ readonly attributes: Attributes; readonly number: number }>(life);
    const map = new Map<string, { readonly attributes: Attributes; readonly number: number }>();
    for (let number = 0; number < 2_000; number++) {
      const attributes = any();
      const key = attributesKey(attributes);
      expect(index.get(attributes)).toBe(map.get(key));
      if (random.integer(3) > 0) {
        const object = { attributes, number };
        expect(index.set(object)).toBe(map.get(key));
        map.set(key, object);
      }
      if (random.integer(100) === 0) {
        const isGone = ({ number }: { readonly number: number }) => number % 3 === 0;
        index.deleteWhere(isGone);
        for (const [key, object] of map) if (isGone(object)) map.delete(key);
      }
      expect(index.size).toBe(map.size);
    }
    for (const object of map.values()) expect(index.get({ ...object.attributes })).toBe(object);
  }
});
