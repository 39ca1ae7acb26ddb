import fc from "fast-check";
import { expect, test } from "vitest";
import type { MemberBehaviour } from "../../model/series.ts";
import type { LifeView } from "./life-view.ts";
import { afterAnyReport } from "./lineage.ts";
import { StreamState } from "./stream-state.ts";
import { afterUsualReport } from "./usual-report.ts";

const GOST: readonly MemberBehaviour[] = ["cumulative", "level", "by_mode", "by_mode", "cumulative"];
const LINEAGE = { start: 0, life: 1, falls: 0, epochs: 1 };

const ONE_LIFE: LifeView = {
  mode: "delta",
  life: 1,
  nextLife: 1,
  reloadWaits: false,
  restart: 1,
  lineagesMax: 4,
  emitters: 1,
  emittersMax: 3,
  isCounted: false,
  instances: 1,
  late: false,
  at: 10_000,
  earlierAt: 5_000,
};

test("GOST's reports with the mode told are usual ones, and the first ones and falls are not", () => {
  const state = new StreamState(LINEAGE, [2, 1, 100, 200, 0], [2, 1, 100, 200, 0], 5_000);
  const after = (values: readonly number[], view: Partial<LifeView> = {}, before = state) =>
    afterUsualReport(before, values, GOST, { ...ONE_LIFE, ...view })?.totals;
  expect(after([3, 0, 50, 60, 0])).toEqual([3, 0, 150, 260, 0]);
  expect(after([3, 0, 150, 260, 0], { mode: "cumulative" })).toEqual([3, 0, 150, 260, 0]);
  expect(after([1, 0, 50, 60, 0])).toBeUndefined();
  expect(after([3, 0, 50, 60, 0], { mode: "cumulative" })).toBeUndefined();
  const none = GOST.map(() => Number.NaN);
  expect(after([1, 0, 1, 1, 0], {}, new StreamState(LINEAGE, none, none, 0))).toBeUndefined();
});

test("what is usual is counted as any report is", () => {
  const value = fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: 0, max: 3 }) },
    fc.constantFrom(Number.NaN, -1, Number.POSITIVE_INFINITY),
  );
  const values = fc.array(value, { minLength: 5, maxLength: 5 });
  // What streams are made of: connections so far, those that are open, bytes both ways, errors.
  const counter = fc.constantFrom<MemberBehaviour>("cumulative", "accepted");
  const count = fc.constantFrom<MemberBehaviour>("cumulative", "by_mode");
  const behaviours = fc.tuple(counter, fc.constant<MemberBehaviour>("level"), count, count, counter);
  const view = fc.record<LifeView>({
    mode: fc.constantFrom("delta", "cumulative", "undecided"),
    life: fc.integer({ min: 1, max: 2 }),
    nextLife: fc.integer({ min: 1, max: 2 }),
    reloadWaits: fc.boolean(),
    restart: fc.integer({ min: 0, max: 2 }),
    lineagesMax: fc.constant(4),
    emitters: fc.constantFrom(1, 1, 3),
    emittersMax: fc.constantFrom(1, 3),
    isCounted: fc.boolean(),
    instances: fc.constantFrom(1, 2),
    late: fc.boolean(),
    at: fc.constant(10_000),
    earlierAt: fc.constantFrom(5_000, 9_900),
  });
  let usual = 0;
  fc.assert(
    fc.property(values, values, values, behaviours, view, (totals, last, reported, kinds, of) => {
      const before = new StreamState(LINEAGE, totals, last, 5_000);
      const after = afterUsualReport(before, reported, kinds, of);
      if (after === undefined) return;
      usual++;
      expect(after).toEqual(afterAnyReport(before, reported, kinds, of));
    }),
    { numRuns: 20_000 },
  );
  expect(usual).toBeGreaterThan(100);
});
