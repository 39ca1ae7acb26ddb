import fc from "fast-check";
import { expect, test } from "vitest";
import { keyedHash } from "./keyed-hash.ts";
import { viewOf } from "./view-of.ts";

const hash = (bytes: Uint8Array, low = 1, high = 2) => keyedHash(low, high, viewOf(bytes), 0, bytes.length);

test("a hash depends on the bytes, wherever they stand, and on nothing around them", () => {
  const some = fc.uint8Array({ maxLength: 9 });
  fc.assert(
    fc.property(some, some, some, fc.integer(), fc.integer(), (before, bytes, behind, low, high) => {
      const all = Buffer.concat([before, bytes, behind]);
      const there = keyedHash(low, high, viewOf(all), before.length, before.length + bytes.length);
      expect(there).toBe(hash(bytes, low, high));
    }),
  );
});

test("another bit of the bytes or of the key, or another length, changes about half of the hash", () => {
  const bytes = Buffer.from("twelve bytes and some");
  const of = hash(bytes);
  const others = [
    ...Array.from({ length: 8 * bytes.length }, (_, bit) => {
      const other = Buffer.from(bytes);
      other[bit >> 3]! ^= 1 << (bit & 7);
      return hash(other);
    }),
    ...Array.from({ length: 32 }, (_, bit) => hash(bytes, 1 ^ (1 << bit))),
    ...Array.from({ length: 32 }, (_, bit) => hash(bytes, 1, 2 ^ (1 << bit))),
    ...Array.from({ length: 9 }, (_, length) => hash(Buffer.concat([bytes, Buffer.alloc(length + 1)]))),
  ];
  const changed = others.map((other) => ((of ^ other) >>> 0).toString(2).replaceAll("0", "").length);
  expect(Math.min(...changed)).toBeGreaterThan(3);
  expect(changed.reduce((sum, count) => sum + count) / changed.length).toBeCloseTo(16, 0);
});

test("bytes that are numbered in turn spread evenly", () => {
  const counts = new Array<number>(64).fill(0);
  for (let each = 0; each < 64_000; each++) counts[hash(Buffer.from(`client-${each}`)) >>> 26]!++;
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1150);
});
