import fc from "fast-check";
import { expect, test } from "vitest";
import { PackedReader, textBytes, writeNumber, writeText } from "./packed-bytes.ts";

type Part = number | string | undefined;

function packed(parts: readonly Part[], offset: number): { readonly view: DataView; readonly end: number } {
  const size = parts.reduce<number>((sum, part) => sum + (typeof part === "number" ? 8 : textBytes(part)), 0);
  const view = new DataView(new ArrayBuffer(offset + size));
  let end = offset;
  for (const part of parts) {
    end = typeof part === "number" ? writeNumber(part, view, end) : writeText(part, view, end);
  }
  return { view, end };
}

const part = fc.oneof(
  fc.double(),
  fc.string({ unit: "binary" }),
  fc.string(),
  // Any units, so halves of surrogate pairs too.
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.constant(undefined),
);

test("numbers and texts of any kind come back as they were written, and take as many bytes as was said", () => {
  fc.assert(
    fc.property(fc.array(part), fc.nat(20), (parts, offset) => {
      const { view, end } = packed(parts, offset);
      expect(end).toBe(view.byteLength);
      const reader = new PackedReader(view, offset, end - offset);
      expect(parts.map((one) => (typeof one === "number" ? reader.number() : reader.text()))).toEqual(parts);
      reader.end();
    }),
  );
});

test("a text of Latin letters takes a byte for each, any other one two", () => {
  expect(textBytes("é".repeat(10))).toBe(14);
  expect(textBytes("ж".repeat(10))).toBe(24);
});

test("bytes that end too early, or too late, are refused", () => {
  const { view, end } = packed(["text", 1], 0);
  const cutOff = new PackedReader(view, 0, end - 1);
  expect(cutOff.text()).toBe("text");
  expect(() => cutOff.number()).toThrow(RangeError);
  expect(() => new PackedReader(view, 0, 6).text()).toThrow(RangeError);
  const more = new PackedReader(view, 0, end);
  more.text();
  expect(() => more.end()).toThrow(RangeError);
});
