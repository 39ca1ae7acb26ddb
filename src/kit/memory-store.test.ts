import { expect, test } from "vitest";
import type { StateScope } from "../component/store.ts";
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
