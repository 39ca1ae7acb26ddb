import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteWriter, numberText } from "./byte-writer.ts";

function written(value: number): string {
  const writer = new ByteWriter(Buffer.alloc(0));
  writer.number(value);
  return writer.finish().toString();
}

test("whole numbers are written in full", () => {
  for (const value of [0, 7, 10, 99_999_999, 100_000_000, 100_000_001, 123_456_789_012, Number.MAX_SAFE_INTEGER]) {
    expect(written(value)).toBe(String(value));
  }
  expect(written(-0)).toBe("0");
});

test("what is no number or has no end is written as Prometheus calls it", () => {
  expect([NaN, Infinity, -Infinity].map(written)).toEqual(["NaN", "+Inf", "-Inf"]);
});

test("every number reads back as it was", () => {
  const check = (value: number) => {
    expect(Number(written(value))).toBe(value + 0);
    expect(written(value)).toBe(numberText(value));
  };
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), check));
  fc.assert(fc.property(fc.maxSafeNat(), check));
});

test("texts of any length and alphabet follow one another", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
      const writer = new ByteWriter(Buffer.alloc(0));
      for (const text of texts) writer.text(text);
      expect(writer.finish().toString()).toBe(texts.join(""));
    }),
  );
});
