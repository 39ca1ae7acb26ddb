import { expect, test } from "vitest";
import type { Cell, StateScope } from "../component/store.ts";
import { NEVER } from "../lib/abort.ts";
import { memoryStore } from "./memory-store.ts";

const scope = (name: string): StateScope<object> => ({
  name,
  codec: {
    encode: () => expect.unreachable("nothing is encoded in memory"),
    decode: () => expect.unreachable("nothing is decoded in memory"),
  },
  load: () => expect.unreachable("the backend is what loads"),
});

test("the memory store gives back the very objects that were committed, scope by scope", async () => {
  const store = memoryStore();
  const value = { total: 1 };
  const changes = [
    { scope: scope("a"), key: "k", value },
    { scope: scope("b"), key: "k", value: { total: 2 } },
  ];
  expect(store.commit(changes, NEVER)).toBeUndefined();
  expect((await store.load(scope("a"), NEVER)).get("k")).toBe(value);
  expect((await store.load(scope("c"), NEVER)).size).toBe(0);
  expect(store.durable).toBe(false);
});

test("the last change of a key wins in the memory store, and undefined takes the row away", async () => {
  const store = memoryStore();
  const a = scope("a");
  const put = (key: string, value: object | undefined) => ({ scope: a, key, value });
  store.commit([put("k", { total: 1 }), put("k", { total: 2 }), put("gone", {}), put("gone", undefined)], NEVER);
  expect(await store.load(a, NEVER)).toEqual(new Map([["k", { total: 2 }]]));
});

test("what was loaded from the memory store does not change with later commits", async () => {
  const store = memoryStore();
  const a = scope("a");
  const loaded = await store.load(a, NEVER);
  store.commit([{ scope: a, key: "k", value: {} }], NEVER);
  expect(loaded.size).toBe(0);
});

test("a cell's row has the state that was committed last, until another value takes its place", async () => {
  const store = memoryStore();
  const a = scope("a");
  const cell: Cell<object | undefined> = { key: "k", state: undefined };
  const change = (state: object | undefined) => {
    cell.state = state;
    store.commit([{ scope: a, key: cell.key, value: state, cell: cell as Cell<unknown> }], NEVER);
  };
  const stored = async () => [...(await store.load(a, NEVER)).values()];
  change({ total: 1 });
  change({ total: 2 });
  expect(await stored()).toEqual([{ total: 2 }]);
  expect((await store.page(a, { after: undefined, rowsMax: 1 }, NEVER)).rows).toEqual([["k", { total: 2 }]]);
  expect(await store.find(a, ["k", "x"], NEVER)).toEqual(new Map([["k", { total: 2 }]]));
  store.commit([{ scope: a, key: "k", value: { total: 7 } }], NEVER);
  expect(await stored()).toEqual([{ total: 7 }]);
  change({ total: 3 });
  expect(await stored()).toEqual([{ total: 3 }]);
  store.commit([{ scope: a, key: "k", value: undefined }], NEVER);
  expect(await stored()).toEqual([]);
  change({ total: 4 });
  expect(await stored()).toEqual([{ total: 4 }]);
  change(undefined);
  expect(await stored()).toEqual([]);
  change({ total: 5 });
  expect(await stored()).toEqual([{ total: 5 }]);
});

test("of two cells with one key, as of a component and its successor, the one that changed last is the row", async () => {
  const store = memoryStore();
  const a = scope("a");
  const [first, second] = [0, 1].map((): Cell<unknown> => ({ key: "k", state: {} })) as [Cell<unknown>, Cell<unknown>];
  for (const [cell, total] of [
    [first, 1],
    [second, 2],
    [first, 3],
  ] as const) {
    cell.state = { total };
    store.commit([{ scope: a, key: "k", value: cell.state, cell }], NEVER);
    expect((await store.load(a, NEVER)).get("k")).toEqual({ total });
  }
});
