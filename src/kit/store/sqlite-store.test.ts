import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changesOf, openStore, testFolder, textScope } from "../../../test/support/store-rig.ts";
import { CommitUnknownError } from "../../component/store.ts";
import { NEVER } from "../../lib/abort.ts";
import { StoreThread } from "./store-thread.ts";

describe("what a store keeps", () => {
  it("is there after a restart: the last value of each key, scope by scope, without what was taken away", async () => {
    const folder = testFolder();
    const first = await openStore(folder);
    await first.put({ a: "1", b: "1", c: "1" });
    await first.put({ a: "2", b: undefined });
    await first.put({ a: "other" }, textScope("processor:test#more"));
    await first.store.commit([...changesOf({ d: "early" }, textScope()), ...changesOf({ d: "late" }, textScope())]);
    const kept = { a: "2", c: "1", d: "late" };
    expect(await first.rows()).toEqual(kept);
    await first.close();
    const second = await openStore(folder);
    expect(await second.rows()).toEqual(kept);
    expect(await second.rows(textScope("processor:test#more"))).toEqual({ a: "other" });
    expect(await second.rows(textScope("never written"))).toEqual({});
  });

  it("has any text as a key, halves of surrogate pairs included", async () => {
    const folder = testFolder();
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          fc.string({ unit: "binary" }).chain((text) => fc.constantFrom(text, `\ud800${text}`, `\uffff${text}`)),
        ),
        async (keys) => {
          const store = await openStore(folder);
          const rows = Object.fromEntries(
            ["", "\0", "\ud800", "\udc00", ...keys].map((key, index) => [key, `${index}`]),
          );
          await store.put(rows);
          expect(await store.rows()).toMatchObject(rows);
          await store.close();
        },
      ),
      { numRuns: 5 },
    );
  });

  it("may be more than is read at once", async () => {
    const store = await openStore(testFolder());
    const rows = Object.fromEntries(Array.from({ length: 25_000 }, (_, index) => [`key ${index}`, `value ${index}`]));
    await store.put(rows);
    expect(await store.rows()).toEqual(rows);
  });

  it("is written straight into the message where the codec can do that", async () => {
    const codec = {
      encode: () => new Uint8Array(),
      decode: (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0),
      direct: {
        size: () => 8,
        write: (value: number, view: DataView, at: number) => view.setFloat64(at, value),
        read: (view: DataView, at: number) => view.getFloat64(at),
      },
    };
    const scope = { name: "numbers", codec, load: () => Promise.reject(new Error("not this way")) };
    const { store } = await openStore(testFolder());
    for (let round = 0; round < 3; round++) {
      const changes = Array.from({ length: 500 }, (_, index) => ({ scope, key: `${index}`, value: index + round / 8 }));
      await store.commit(changes);
    }
    const kept = await store.load(scope, NEVER);
    expect(kept.size).toBe(500);
    expect(kept.get("77")).toBe(77.25);
  });

  it("is asked for in vain before it is open and after it was closed", async () => {
    const store = await openStore(testFolder());
    await store.close();
    expect(() => store.put({ a: "1" })).toThrow("the store is closed");
    await expect(store.rows()).rejects.toThrow("the store is closed");
    await store.close();
  });
});

describe("a row that cannot be used", () => {
  it("is moved to a table of its own and told of, whether its codec refuses it or its bytes changed", async () => {
    const folder = testFolder();
    const first = await openStore(folder);
    await first.put({ good: "1", refused: "bad", changed: "2" });
    await first.close();
    withDatabase(folder, (database) => database.exec("UPDATE rows SET value = x'33' WHERE key = 'changed'"));
    const second = await openStore(folder);
    expect(await second.rows()).toEqual({ good: "1" });
    expect(second.told).toEqual(["opened", "set aside: changed", "set aside: refused"]);
    await second.put({ refused: "fresh" });
    await second.close();
    const rows = withDatabase(folder, (database) =>
      database.prepare("SELECT at, scope, key, CAST(value AS TEXT) AS value, reason FROM set_aside ORDER BY key").all(),
    );
    const at = "2026-11-21T12:30:00.000Z";
    expect(rows).toMatchObject([
      { at, scope: "processor:test", key: "changed", value: "3", reason: "its checksum does not fit" },
      { at, scope: "processor:test", key: "refused", value: "bad", reason: "this text is bad" },
    ]);
    expect(await (await openStore(folder)).rows()).toEqual({ good: "1", refused: "fresh" });
  });
});

describe("the folder", () => {
  it("is created when that is asked for, for its owner alone", async () => {
    const folder = join(testFolder(), "deep", "store");
    await expect(openStore(folder)).rejects.toThrow(`the folder ${folder} does not exist: create it`);
    const store = await openStore(folder, { createFolder: true, folderMode: 0o700 });
    await store.put({ a: "1" });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(folder))
      expect([file, statSync(join(folder, file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  it("belongs to one agent at a time", async () => {
    const folder = testFolder();
    const first = await openStore(folder);
    await expect(openStore(folder)).rejects.toThrow(`the folder ${folder} is in use by another gostcol`);
    await first.put({ a: "1" });
    await first.close();
    expect(await (await openStore(folder)).rows()).toEqual({ a: "1" });
  });

  it("is waited for as long as it is told to", async () => {
    const folder = testFolder();
    const first = await openStore(folder);
    const second = openStore(folder, { lockTimeoutMs: 10_000 });
    await first.close();
    expect(await (await second).rows()).toEqual({});
  });

  it("is no folder when a file has its name", async () => {
    const path = join(testFolder(), "file");
    writeFileSync(path, "");
    await expect(openStore(path)).rejects.toThrow(/is no folder/);
  });

  it("says what is wrong when the store in it cannot be opened", async () => {
    const folder = testFolder();
    mkdirSync(join(folder, "gostcol.db"));
    await expect(openStore(folder)).rejects.toThrow();
  });
});

describe("a store without room", () => {
  it("refuses what does not fit, keeps what it has, and goes on when there is room again", async () => {
    const folder = testFolder();
    const store = await openStore(folder, { bytesMax: 256 * 1024 });
    const large = "x".repeat(20_000);
    let kept = 0;
    const fill = async () => {
      for (;;) {
        await store.put({ [`key ${kept}`]: large, count: `${kept + 1}` });
        kept++;
      }
    };
    await expect(fill()).rejects.toThrow("it has reached its max_size of 256KiB");
    await expect(fill()).rejects.not.toBeInstanceOf(CommitUnknownError);
    expect(kept).toBeGreaterThan(5);
    expect(await store.rows()).toMatchObject({ count: `${kept}` });
    expect(store.told.at(-1)).toBe("not kept: it has reached its max_size of 256KiB");
    await store.put({ "key 0": undefined, "key 1": undefined });
    await store.put({ more: large });
    expect(store.told.at(-1)).toBe("kept");
    await store.close();
    expect(statSync(join(folder, "gostcol.db")).size).toBeLessThanOrEqual(256 * 1024);
    expect(Object.keys(await (await openStore(folder)).rows())).toHaveLength(kept);
  });
});

describe("the store's thread", () => {
  it("is replaced when it ended; what it was doing is unknown, and what it had kept is there", async () => {
    const threads: StoreThread[] = [];
    const startThread = () => {
      threads.push(new StoreThread());
      return threads.at(-1)!;
    };
    const store = await openStore(testFolder(), { startThread });
    await store.put({ a: "1" });
    const caught = store.put({ b: "1" });
    await Promise.all([threads[0]!.terminate(), expect(caught).rejects.toBeInstanceOf(CommitUnknownError)]);
    await store.put({ c: "1" });
    expect(threads).toHaveLength(2);
    expect(await store.rows()).toMatchObject({ a: "1", c: "1" });
    expect(store.told.at(-1)).toBe("kept");
  });

  it("does not hold up the end of the agent beyond its deadline", async () => {
    const store = await openStore(testFolder());
    const caught = store.put(Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`key ${index}`, "1"])));
    caught.catch(() => {});
    await store.store.close(AbortSignal.abort(new Error("late")));
    await expect(caught).rejects.toThrow();
  });
});

function withDatabase<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, "gostcol.db"));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

it("lets what is staged in one turn of the event loop into one commit", async () => {
  const { store } = await openStore(testFolder());
  const order: string[] = [];
  store.gather(() => order.push("ready"));
  await Promise.resolve();
  order.push("more of this turn");
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["more of this turn", "ready"]);
});
