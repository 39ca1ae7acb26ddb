import fc from "fast-check";
import { expect, test } from "vitest";
import { withFallingValue } from "./falling-chain.ts";

const chainOf = (values: readonly number[], limit = 100) =>
  values.reduce<readonly number[]>((ends, value) => withFallingValue(ends, value, limit), []);

/** The longest fall, by trying every earlier value for each. */
function longestFall(values: readonly number[]): number {
  const lengths: number[] = [];
  for (const [index, value] of values.entries()) {
    lengths.push(1 + Math.max(0, ...lengths.filter((_, earlier) => earlier < index && values[earlier]! > value)));
  }
  return Math.max(0, ...lengths);
}

test("finds the longest fall among values that are not neighbours", () => {
  expect(chainOf([5, 9, 4, 7, 2])).toHaveLength(3);
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 40 }), (values) => {
      expect(chainOf(values)).toHaveLength(longestFall(values));
    }),
  );
});

test("the interleaved counters of some emitters never fall further than there are emitters", () => {
  const step = fc.record({ emitter: fc.nat(2), by: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const counters = [0, 0, 0];
      const values = steps.map(({ emitter, by }) => {
        counters[emitter]! += by;
        return counters[emitter]!;
      });
      expect(chainOf(values).length).toBeLessThanOrEqual(3);
    }),
  );
});

test("keeps no more than its limit", () => {
  expect(chainOf([9, 8, 7, 6, 5], 3)).toHaveLength(3);
});
