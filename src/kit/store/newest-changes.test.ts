import fc from "fast-check";
import { expect, it } from "vitest";
import { changesOf, openStore, testFolder, textScope } from "../../../test/support/store-rig.ts";
import { archiveOf, type Change } from "../../component/store.ts";
import { NEVER } from "../../lib/abort.ts";
import { eachNewest } from "./newest-changes.ts";

const scope = textScope();

it("is the last change of each row; rows of other scopes, and those that rest, are others", () => {
  const other = textScope("processor:test#more");
  const rests: Change = { scope: archiveOf(scope), key: "a", value: "rests" };
  const changes: readonly Change[] = [
    ...changesOf({ a: "early", b: "gone soon" }, scope),
    ...changesOf({ a: "other" }, other),
    rests,
    ...changesOf({ b: undefined, a: "late" }, textScope()),
  ];
  const newest: Change[] = [];
  eachNewest(changes, (change) => newest.push(change));
  expect(newest.map(({ scope: { name, archived }, key, value }) => [name, archived, key, value])).toEqual([
    ["processor:test", undefined, "a", "late"],
    ["processor:test", undefined, "b", undefined],
    ["processor:test", true, "a", "rests"],
    ["processor:test#more", undefined, "a", "other"],
  ]);
});

it("leaves in a file what all changes one after the other would", async () => {
  const key = fc.integer({ max: 40 }).map((number) => `key ${Math.abs(number)}`);
  const change = fc.tuple(
    key,
    fc.option(
      fc.string({ maxLength: 4 }).map((text) => `value ${text}`),
      { nil: undefined },
    ),
  );
  const store = await openStore(testFolder(), { fsync: false });
  const expected = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 200 }), async (changes) => {
      for (const [name, value] of changes) {
        if (value === undefined) expected.delete(name);
        else expected.set(name, value);
      }
      await store.store.commit(changes.map(([name, value]) => ({ scope, key: name, value })));
      expect(await store.store.load(scope, NEVER)).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});
