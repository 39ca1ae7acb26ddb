import { cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openStore, type TestStore, testFolder } from "../../../test/support/store-rig.ts";
import { CommitUnknownError } from "../../component/store.ts";
import { virtualClock } from "../../lib/virtual-clock.ts";
import type { SqliteStoreOptions } from "./sqlite-store.ts";

// What becomes of a store whose files somebody removes or replaces while it is open.

const FILES = ["gostcol.db", "gostcol.db-wal", "gostcol.db-shm", "gostcol.lock"];
const ASIDE = "gostcol.set-aside-20261121T123000Z.db";

describe("a store whose files are removed while it is open", () => {
  it.each([...FILES.map((name) => [name]), FILES.slice(0, 2), FILES])(
    "is there again, whole, with the next commit: %s %s %s %s",
    async (...names) => {
      const { folder, store } = await filled();
      for (const name of names) rmSync(join(folder, name));
      await store.put({ b: "2" });
      expect(store.told.slice(-2)).toEqual(
        names.some((name) => name !== "gostcol.lock") ? ["kept", "rewritten"] : ["kept", "kept"],
      );
      expect(await afterKill(folder)).toEqual({ a: "1", b: "2" });
      await store.put({ a: "3" });
      expect(store.told.at(-1)).toBe("kept");
      expect(await afterKill(folder)).toEqual({ a: "3", b: "2" });
      expect(readdirSync(folder).sort()).toEqual(FILES.toSorted());
    },
  );

  it("is there again within seconds, where nothing is committed", async () => {
    const clock = virtualClock();
    const { folder, store } = await filled({ a: "1" }, { clock });
    clock.advance(10_000);
    for (const name of FILES) rmSync(join(folder, name));
    clock.advance(5_000);
    await expect.poll(() => store.told).toEqual(["opened", "kept", "kept", "rewritten"]);
    expect(await afterKill(folder)).toEqual({ a: "1" });
    await store.close();
    expect(clock.liveTimers).toBe(0);
  });

  it("is there again when it is closed", async () => {
    const { folder, store } = await filled();
    for (const name of FILES) rmSync(join(folder, name));
    await store.close();
    expect(store.told).toEqual(["opened", "kept"]);
    expect(await (await openStore(folder)).rows()).toEqual({ a: "1" });
  });

  it("is whole where a reader keeps its log from going into the file", async () => {
    const { folder, store: former } = await filled();
    const large = (group: string, value?: string) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`${group} ${index}`, value]));
    const staying = large("staying", "x".repeat(5000)) as Record<string, string>;
    await former.put({ ...large("going", "x".repeat(5000)), ...staying });
    await former.put(large("going")); // So that each page of those that stay is another one when the file is written again.
    await former.close();
    const store = await openStore(folder);
    const reader = new DatabaseSync(join(folder, "gostcol.db"), { readOnly: true });
    reader.exec("BEGIN; SELECT * FROM rows");
    await store.put({ b: "2" });
    rmSync(join(folder, "gostcol.db-shm"));
    await store.put({ c: "3" });
    expect(await afterKill(folder)).toEqual({ ...staying, a: "1", b: "2", c: "3" });
    reader.close();
    await store.put({ d: "4" });
    expect(await afterKill(folder)).toEqual({ ...staying, a: "1", b: "2", c: "3", d: "4" });
  });

  it("can be removed again and again", async () => {
    const { folder, store } = await filled();
    for (let round = 0; round < 5; round++) {
      for (const name of FILES) rmSync(join(folder, name));
      await store.put({ [`row ${round}`]: "1" });
    }
    expect(Object.keys(await afterKill(folder))).toHaveLength(6);
  });

  it("keeps its lock: nobody else can open it behind the next commit", async () => {
    const { folder, store } = await filled();
    rmSync(join(folder, "gostcol.lock"));
    await store.put({ b: "2" });
    await expect(openStore(folder)).rejects.toThrow("is in use by another gostcol");
  });
});

describe("a folder that is removed while its store is open", () => {
  it("is created again where that is asked for", async () => {
    const folder = join(testFolder(), "store");
    const store = await openStore(folder, { createFolder: true });
    await store.put({ a: "1" });
    rmSync(folder, { recursive: true });
    await store.put({ b: "2" });
    expect(await afterKill(folder)).toEqual({ a: "1", b: "2" });
  });

  it("refuses commits where not, until it is there, and then has all of them", async () => {
    const { folder, store } = await filled();
    rmSync(folder, { recursive: true });
    await expect(store.put({ b: "2" })).rejects.toBeInstanceOf(CommitUnknownError);
    await expect(store.put({ c: "3" })).rejects.toThrow(`the folder ${folder} does not exist: create it`);
    expect(store.told.at(-1)).toContain("not kept: its file was removed or replaced, and cannot be written again: ");
    mkdirSync(folder);
    await store.put({ d: "4" });
    expect(await afterKill(folder)).toEqual({ a: "1", b: "2", c: "3", d: "4" });
  });

  it("refuses commits while it cannot be looked into", async () => {
    const { folder, store } = await filled();
    rmSync(folder, { recursive: true });
    symlinkSync(folder, folder);
    await expect(store.put({ b: "2" })).rejects.toBeInstanceOf(CommitUnknownError);
    rmSync(folder);
    mkdirSync(folder);
    await store.put({ c: "3" });
    expect(await afterKill(folder)).toEqual({ a: "1", b: "2", c: "3" });
  });

  it("says that all is lost when it is not there at the end", async () => {
    const { folder, store } = await filled();
    rmSync(folder, { recursive: true });
    await store.close();
    expect(store.told.at(-1)).toContain(`lost: its file was removed or replaced, and cannot be written again: `);
  });

  it("is left to another agent that took it meanwhile", async () => {
    const { folder, store } = await filled();
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const other = await openStore(folder);
    await other.put({ theirs: "1" });
    await expect(store.put({ b: "2" })).rejects.toThrow("is in use by another gostcol");
    await other.put({ theirs: "2" });
    expect(await afterKill(folder)).toEqual({ theirs: "2" });
    await other.close();
    await store.put({ c: "3" });
    expect(store.told.slice(-2)).toEqual(["kept", "rewritten, the other set aside"]);
    expect(await afterKill(folder)).toEqual({ a: "1", b: "2", c: "3" });
  });
});

describe("a store that is replaced while it is open", () => {
  it("goes on as it was, and what took its place is set aside untouched", async () => {
    const { folder: backup, store: former } = await filled({ a: "before" });
    await former.close();
    const { folder, store } = await filled();
    renameSync(join(backup, "gostcol.db"), join(folder, "gostcol.db"));
    await store.put({ b: "2" });
    expect(store.told.at(-1)).toBe("rewritten, the other set aside");
    expect(await afterKill(folder)).toEqual({ a: "1", b: "2" });
    const restored = testFolder();
    cpSync(join(folder, ASIDE), join(restored, "gostcol.db"));
    expect(await (await openStore(restored)).rows()).toEqual({ a: "before" });
  });

  it("goes on where something else took its log's place", async () => {
    const { folder, store } = await filled();
    rmSync(join(folder, "gostcol.db-wal"));
    writeFileSync(join(folder, "gostcol.db-wal"), "x".repeat(5000));
    await store.put({ b: "2" });
    expect(await afterKill(folder)).toEqual({ a: "1", b: "2" });
  });
});

async function filled(
  rows: Readonly<Record<string, string>> = { a: "1" },
  options?: Partial<SqliteStoreOptions>,
): Promise<{ readonly folder: string; readonly store: TestStore }> {
  const folder = testFolder();
  const store = await openStore(folder, options);
  await store.put(rows);
  return { folder, store };
}

/** What would be found by a start if the store were killed now. */
async function afterKill(folder: string): Promise<Record<string, string>> {
  const copy = testFolder();
  cpSync(folder, copy, { recursive: true });
  rmSync(join(copy, "gostcol.db-shm"));
  const store = await openStore(copy);
  expect(store.opened().setAside).toBeUndefined();
  const rows = await store.rows();
  await store.close();
  return rows;
}
