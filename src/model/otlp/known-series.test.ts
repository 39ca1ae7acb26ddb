import fc from "fast-check";
import { expect, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { keyedHash } from "../../lib/keyed-hash.ts";
import { viewOf } from "../../lib/view-of.ts";
import type { Series } from "../series.ts";
import { SeriesTable } from "../series-table.ts";
import { KnownSeries, type SeriesOwner } from "./known-series.ts";

/** A table, owners in it, and an index. */
function known(hashOf?: typeof keyedHash) {
  const table = new SeriesTable();
  const [resource, scope] = [table.resource({}), table.scope("")];
  const owners = ["a", "b", "c"].map(
    (name, id): SeriesOwner => ({ id, resource, scope, metric: table.metric({ ...COUNTER, name }) }),
  );
  const index = new KnownSeries(1, hashOf);
  /** In the middle of a message. */
  const message = (key: string) => {
    const bytes = Buffer.from(`<${key}>`);
    return { bytes, view: viewOf(bytes) };
  };
  return {
    table,
    index,
    series: (owner: number, of: string) => table.series(resource, scope, owners[owner]!.metric, { of }),
    find: (owner: number, key: string) => index.find(owners[owner]!, message(key), 1, 1 + Buffer.byteLength(key)),
    add: (owner: number, key: string, series: Series) =>
      index.add(owners[owner]!, message(key), 1, 1 + Buffer.byteLength(key), series),
  };
}

const crowded: typeof keyedHash = (...of) => (keyedHash(...of) % 5) * 2 ** 29 + 2 ** 28;
const equal: typeof keyedHash = () => 2 ** 32 - 1;

test.each([keyedHash, crowded, equal])("it has what was added and not forgotten, as a map has", (hashOf) => {
  const step = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({ owner: fc.nat(2), key: fc.oneof(fc.string({ maxLength: 2 }), fc.string()) }),
    },
    { weight: 2, arbitrary: fc.record({ sweep: fc.nat(), kept: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.constant("purge" as const) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { table, index, series, find, add } = known(hashOf);
      const model = new Map<string, Series>();
      for (const each of steps) {
        if (each === "purge") {
          index.purge();
          expect(index.size).toBe(model.size);
        } else if ("sweep" in each) {
          for (const [at, [, its]] of [...model].entries()) if ((at + each.sweep) % each.kept !== 0) table.touch(its);
          table.sweep(1);
          for (const [key, its] of model) if (its.lease.touched < 0) model.delete(key);
        } else {
          const { owner, key } = each;
          const its = model.get(`${owner}${key}`);
          expect(find(owner, key)).toBe(its);
          if (its !== undefined) continue;
          const made = series(owner, key);
          add(owner, key, made);
          model.set(`${owner}${key}`, made);
        }
        expect(index.size).toBeGreaterThanOrEqual(model.size);
      }
      for (const [key, its] of model) expect(find(Number(key[0]), key.slice(1))).toBe(its);
    }),
  );
});

test("a series that comes instead of a forgotten one takes its place", () => {
  const { table, index, series, find, add } = known();
  add(0, "key", series(0, "x"));
  table.sweep(0);
  table.sweep(0);
  expect(find(0, "key")).toBe(undefined);
  const made = series(0, "x");
  add(0, "key", made);
  expect(find(0, "key")).toBe(made);
  expect(index.size).toBe(1);
});

test("many are found, and where some are forgotten now and then those who come are in their places", () => {
  const { table, index, series, find, add } = known();
  for (let round = 0; round < 20; round++) {
    const all = Array.from({ length: 2000 }, (_, each) => ({
      key: `${round} ${each}`,
      its: series(1, `${round} ${each}`),
    }));
    for (const { key, its } of all) add(1, key, its);
    expect(all.filter(({ key, its }) => find(1, key) !== its || find(2, key) !== undefined)).toEqual([]);
    table.sweep(0);
  }
  expect(table.evicted).toBe(40_000);
  expect(index.size).toBeLessThan(5000);
});
