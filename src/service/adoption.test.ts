import { expect, test } from "vitest";
import { adoptions, type Keeper } from "./adoption.ts";

const keeper = (owner: string, pipeline = "metrics"): Keeper => ({ owner: `processor:${owner}`, pipeline });
const named = (...owners: readonly string[]) => owners.map((owner) => `processor:${owner}`);
const was = (places: Readonly<Record<string, string>>) =>
  new Map(Object.entries(places).map(([owner, pipeline]) => [`processor:${owner}`, pipeline]));

const decide = (
  keepers: readonly Keeper[],
  stored: readonly string[],
  places: Readonly<Record<string, string>> = {},
) => {
  const { adopted, unclear, unused } = adoptions(keepers, { owners: named(...stored), before: was(places) });
  const bare = (owner: string) => owner.replace("processor:", "");
  return {
    adopted: adopted.map(({ from, to }) => `${bare(from)} -> ${bare(to)}`),
    unclear: unclear.map(({ orphans, heirs }) => `${orphans.map(bare)} -> ${heirs.map(bare)}`),
    unused: unused.map(bare),
  };
};

const NOTHING = { adopted: [], unclear: [], unused: [] };

test("nobody adopts anything where everything is as it was, or where nothing is stored", () => {
  expect(decide([keeper("sum"), keeper("dedupe")], ["sum", "dedupe"])).toEqual(NOTHING);
  expect(decide([keeper("sum"), keeper("sum/b")], [])).toEqual(NOTHING);
});

test("a processor that was renamed goes on with its state", () => {
  const { adopted } = decide([keeper("sum/eu"), keeper("dedupe")], ["sum", "dedupe"], {
    sum: "metrics",
    dedupe: "metrics",
  });
  expect(adopted).toEqual(["sum -> sum/eu"]);
});

test("one that enters a second pipeline goes on in the one that it was in, and begins anew in the other", () => {
  const both = [keeper("sum@a", "a"), keeper("sum@b", "b")];
  expect(decide(both, ["sum"], { sum: "b" })).toEqual({ ...NOTHING, adopted: ["sum -> sum@b"] });
});

test("one that leaves a second pipeline goes on where it stays", () => {
  const left = decide([keeper("sum", "b")], ["sum@a", "sum@b"], { "sum@a": "a", "sum@b": "b" });
  expect(left).toEqual({ ...NOTHING, adopted: ["sum@b -> sum"], unused: ["sum@a"] });
});

test("one whose pipeline was renamed goes on", () => {
  const renamed = decide([keeper("sum@a", "a"), keeper("sum@c", "c")], ["sum@a", "sum@b"], {
    "sum@a": "a",
    "sum@b": "b",
  });
  expect(renamed.adopted).toEqual(["sum@b -> sum@c"]);
});

test("where nobody wrote down which pipeline it was in, it is not guessed", () => {
  const both = [keeper("sum@a", "a"), keeper("sum@b", "b")];
  expect(decide(both, ["sum"])).toEqual({ ...NOTHING, unclear: ["sum -> sum@a,sum@b"] });
});

test("two that could be one are not guessed either", () => {
  expect(decide([keeper("sum/c"), keeper("sum/d")], ["sum/a", "sum/b"])).toEqual({
    ...NOTHING,
    unclear: ["sum/a,sum/b -> sum/c,sum/d"],
  });
  expect(decide([keeper("sum/c")], ["sum/a", "sum/b"]).unclear).toEqual(["sum/a,sum/b -> sum/c"]);
  expect(decide([keeper("sum/c"), keeper("sum/d")], ["sum/a"]).unclear).toEqual(["sum/a -> sum/c,sum/d"]);
});

test("who was there before and has no state has none of its own to look for", () => {
  expect(decide([keeper("sum/c")], ["sum/a"], { "sum/c": "metrics" })).toEqual({ ...NOTHING, unused: ["sum/a"] });
});

test("a further instance of one that goes on does not take what somebody else left", () => {
  const both = [keeper("sum@a", "a"), keeper("sum@b", "b")];
  const further = decide(both, ["sum", "sum/gone"], { sum: "a" });
  expect(further).toEqual({ ...NOTHING, adopted: ["sum -> sum@a"], unused: ["sum/gone"] });
});

test("only processors of one type take each other's state", () => {
  expect(decide([keeper("sum")], ["dedupe"])).toEqual({ ...NOTHING, unused: ["dedupe"] });
  const exporters = adoptions([{ owner: "exporter:otlp/b", pipeline: "metrics" }], {
    owners: ["exporter:otlp/a"],
    before: new Map(),
  });
  expect(exporters).toEqual(NOTHING);
});
