import fc from "fast-check";
import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["5s", 5000],
  ["1h30m", 5_400_000],
  ["200ms", 200],
  ["1.5s", 1500],
  [".5s", 500],
  ["1m0.5s", 60_500],
  ["250us", 0.25],
  ["250µs", 0.25],
  ["-3s", -3000],
])("reads %s as Go does", (text, ms) => {
  expect(parseDuration(text)).toBeCloseTo(ms, 9);
});

test.each(["", "-", "5", "s", "5 s", "1h 30m", "1d", "1h30", "abc", "5S"])("refuses %j", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, "0s"],
  [200, "200ms"],
  [1500, "1.5s"],
  [5_400_000, "1h30m"],
  [3_600_000, "1h"],
  [0.25, "250us"],
])("writes %d ms as %s", (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test("reads back every whole number of milliseconds that it writes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBeCloseTo(ms, 3);
    }),
  );
});
