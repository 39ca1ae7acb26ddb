import { expect, test } from "vitest";
import { formatByteSize, parseByteSize } from "./byte-size.ts";

test.each([
  ["512", 512],
  ["10MiB", 10 * 1024 ** 2],
  ["1GB", 1e9],
  ["1.5KiB", 1536],
  ["20 MiB", 20 * 1024 ** 2],
  ["4ki", 4096],
])("reads %s", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each(["", "MiB", "-1", "1XB", "1 2", "1e3"])("refuses %j", (text) => {
  expect(parseByteSize(text)).toBeUndefined();
});

test("writes the largest binary unit that stays short, and reads it back", () => {
  expect(formatByteSize(20 * 1024 ** 2)).toBe("20MiB");
  expect(formatByteSize(1000)).toBe("1000");
  for (const bytes of [0, 1, 1023, 1024, 1536, 4 * 1024 ** 3]) expect(parseByteSize(formatByteSize(bytes))).toBe(bytes);
});
