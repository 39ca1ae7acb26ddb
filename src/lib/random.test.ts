import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { systemRandom } from "./system-random.ts";

test("the same seed gives the same sequence, another seed another one", () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 20 }, () => random.integer(1000));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test("floats are in [0, 1) and spread over it", () => {
  for (const random of [seededRandom(1), systemRandom()]) {
    const values = Array.from({ length: 5000 }, () => random.float());
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values)).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(mean).toBeGreaterThan(0.45);
    expect(mean).toBeLessThan(0.55);
  }
});

test("hexadecimal text has two digits a byte", () => {
  expect(seededRandom(3).hex(16)).toMatch(/^[0-9a-f]{32}$/);
});
