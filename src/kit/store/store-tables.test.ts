import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { RowPacker } from "./packed-rows.ts";
import { migrate } from "./schema.ts";
import { type Database, StoreTables } from "./store-tables.ts";

const rows = (value: string) => {
  const packer = new RowPacker(1);
  packer.addBytes({ name: "scope" }, "key", Buffer.from(value));
  return packer.packed();
};

/** A database over which a statement fails as SQLite says it. */
function failing() {
  const database = new DatabaseSync(":memory:");
  migrate(database);
  const failure: { statement?: string; code?: number; times?: number } = {};
  const wrapped: Database = {
    exec(statement) {
      if (statement === failure.statement && (failure.times === undefined || failure.times-- > 0)) {
        throw Object.assign(new Error("as the disk would have it"), { errcode: failure.code });
      }
      database.exec(statement);
    },
    prepare: (statement) => database.prepare(statement),
    get isTransaction() {
      return database.isTransaction;
    },
  };
  return { tables: new StoreTables(wrapped, 1024 * 1024), failure };
}

it.each([
  ["BEGIN IMMEDIATE", 5, "failed", "it is in use by another process"],
  ["BEGIN IMMEDIATE", 10, "failed", "the disk reports an error"],
  ["COMMIT", 13, "failed", "the disk is full"],
  ["COMMIT", 8 | (1 << 8), "failed", "it can be read and not written"],
  // The last byte may have been written before the disk said no.
  ["COMMIT", 10 | (4 << 8), "unknown", "the disk reports an error"],
])("a commit whose %s fails with code %d has %s, and the next one begins afresh", (statement, code, type, reason) => {
  const { tables, failure } = failing();
  Object.assign(failure, { statement, code });
  expect(tables.commit(rows("1"))).toEqual({ type, reason: `${reason} (as the disk would have it)` });
  expect(tables.load("scope", undefined, 10).rows.keys).toBe("");
  delete failure.statement;
  expect(tables.commit(rows("2"))).toMatchObject({ type: "kept" });
  const { rows: loaded } = tables.load("scope", undefined, 10);
  expect([loaded.keys, Buffer.from(loaded.values).toString()]).toEqual(["key", "2"]);
});

it("tries once more where the disk is full, for the log may give room back", () => {
  const { tables, failure } = failing();
  Object.assign(failure, { statement: "COMMIT", code: 13, times: 1 });
  expect(tables.commit(rows("1"))).toMatchObject({ type: "kept" });
  Object.assign(failure, { times: 2 });
  expect(tables.commit(rows("2"))).toMatchObject({ type: "failed" });
  expect(Buffer.from(tables.load("scope", undefined, 10).rows.values).toString()).toBe("1");
});

it("renames scopes with all their rows, which are whole under the new name", () => {
  const { tables } = failing();
  tables.commit(rows("1"));
  tables.renameScopes([
    { from: "scope", to: "other" },
    { from: "none", to: "nothing" },
  ]);
  expect(tables.scopeNames()).toEqual(["other"]);
  expect(tables.load("scope", undefined, 10).rows.keys).toBe("");
  expect(tables.load("other", undefined, 10)).toMatchObject({ rows: { keys: "key" }, bad: [] });
  tables.commit(rows("2"));
  expect(tables.scopeNames()).toEqual(["other", "scope"]);
});

it("does not rename a scope to one with rows, unless these may be set aside", () => {
  const { tables } = failing();
  tables.commit(rows("1"));
  tables.renameScopes([{ from: "scope", to: "other" }]);
  tables.commit(rows("2"));
  const renames = [{ from: "scope", to: "other" }];
  expect(() => tables.renameScopes(renames)).toThrow("other has rows already");
  expect(tables.scopeNames()).toEqual(["other", "scope"]);
  tables.renameScopes(renames, { at: 0 });
  expect(tables.scopeNames()).toEqual(["other"]);
  expect(Buffer.from(tables.load("other", undefined, 10).rows.values).toString()).toBe("2");
});

it("renames with a scope what rests of it, and sets that aside as well", () => {
  const { tables } = failing();
  const packer = new RowPacker(1);
  packer.addBytes({ name: "scope", archived: true }, "key", Buffer.from("resting"));
  tables.commit(packer.packed());
  expect(tables.scopeNames()).toEqual(["scope"]);
  tables.renameScopes([{ from: "scope", to: "other" }]);
  expect(tables.find({ name: "other", archived: true }, ["key"])).toMatchObject({ rows: { keys: "key" }, bad: [] });
  tables.commit(rows("1"));
  expect(() => tables.renameScopes([{ from: "scope", to: "other" }])).toThrow("other has rows already");
  tables.renameScopes([{ from: "scope", to: "other" }], { at: 0 });
  expect(tables.count({ name: "other", archived: true })).toBe(0);
});

it("renames all or nothing", () => {
  const { tables, failure } = failing();
  tables.commit(rows("1"));
  Object.assign(failure, { statement: "COMMIT", code: 13 });
  expect(() => tables.renameScopes([{ from: "scope", to: "other" }])).toThrow("as the disk would have it");
  delete failure.statement;
  expect(tables.scopeNames()).toEqual(["scope"]);
  expect(tables.commit(rows("2"))).toMatchObject({ type: "kept" });
  expect(tables.scopeNames()).toEqual(["scope"]);
});
