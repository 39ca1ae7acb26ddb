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
  const failure: { statement?: string; code?: number } = {};
  const wrapped: Database = {
    exec(statement) {
      if (statement === failure.statement) {
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
