import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { formatByteSize } from "../../lib/byte-size.ts";
import type { BadRow, CommitOutcome, LoadedRows } from "./messages.ts";
import { eachRow, type PackedRows, RowPacker } from "./packed-rows.ts";
import { pragma } from "./schema.ts";
import { FULL, failureText, IO_ERROR, resultCode } from "./sqlite-failure.ts";
import { keyOfStored, storedKey } from "./stored-key.ts";

/** A tree of pages takes some more when it grows. */
const PAGES_TO_SPARE = 8;

/** What is needed of an open database. */
export type Database = Pick<DatabaseSync, "exec" | "prepare" | "isTransaction">;

/** The tables of an open store: what is read and written while the agent runs. */
export class StoreTables {
  readonly #database: Database;
  readonly #bytesMax: number;
  readonly #pageBytes: number;
  readonly #scopeIds = new Map<string, number>();
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #addScope: StatementSync;
  readonly #pageCount: StatementSync;

  constructor(database: Database, bytesMax: number) {
    this.#database = database;
    this.#bytesMax = bytesMax;
    this.#pageBytes = pragma(database, "page_size");
    this.#put = database.prepare(
      "INSERT INTO rows (scope, key, value, checksum) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
    );
    this.#remove = database.prepare("DELETE FROM rows WHERE scope = ? AND key = ?");
    this.#addScope = database.prepare("INSERT INTO scopes (name) VALUES (?)");
    this.#pageCount = database.prepare("PRAGMA page_count");
    for (const { id, name } of database.prepare("SELECT id, name FROM scopes").all()) {
      this.#scopeIds.set(name as string, id as number);
    }
  }

  /** The size of the file, without its log. */
  bytes(): number {
    return (this.#pageCount.get()!["page_count"] as number) * this.#pageBytes;
  }

  tell(key: string, value: string): void {
    this.#database.prepare("REPLACE INTO meta (key, value) VALUES (?, ?)").run(key, value);
  }

  /** A page of a scope's rows in the order of their keys. */
  load(scope: string, after: string | undefined, rowsMax: number): LoadedRows {
    const id = this.#scopeIds.get(scope) ?? 0;
    const statement = this.#database.prepare(
      `SELECT key, value, checksum FROM rows WHERE scope = ? ${after === undefined ? "" : "AND key > ?"} ORDER BY key LIMIT ?`,
    );
    statement.setReturnArrays(true);
    const found = (after === undefined
      ? statement.all(id, rowsMax)
      : statement.all(id, storedKey(after), rowsMax)) as unknown as readonly [string, Uint8Array, number][];
    const packer = new RowPacker(found.length);
    const bad: BadRow[] = [];
    for (const [key, value, checksum] of found) {
      if (checksum === checksumOf(id, key, value)) packer.addBytes(scope, keyOfStored(key), value);
      else bad.push({ key: keyOfStored(key), reason: "its checksum does not fit" });
    }
    const last = found.length < rowsMax ? undefined : keyOfStored(found.at(-1)![0]);
    return { rows: packer.packed(), bad, last };
  }

  /** All rows or none. After whatever failure, the next commit begins afresh. */
  commit(rows: PackedRows): CommitOutcome {
    const database = this.#database;
    const newScopes = rows.scopes.filter((scope) => !this.#scopeIds.has(scope));
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const scope of newScopes) this.#scopeIds.set(scope, Number(this.#addScope.run(scope).lastInsertRowid));
      eachRow(rows, (scope, key, value) => this.#write(scope, storedKey(key), value));
    } catch (thrown) {
      return this.#failed("failed", rows, newScopes, thrown);
    }
    try {
      database.exec("COMMIT");
    } catch (thrown) {
      // An error of the disk may have come after the last byte was written: then a restart would find the commit whole.
      return this.#failed(resultCode(thrown) === IO_ERROR ? "unknown" : "failed", rows, newScopes, thrown);
    }
    return { type: "kept", bytes: this.bytes() };
  }

  setAside(scope: string, rows: readonly BadRow[], at: number): void {
    const id = this.#scopeIds.get(scope) ?? 0;
    const move = this.#database.prepare(
      "INSERT INTO set_aside (at, scope, key, value, reason) SELECT ?, ?, key, value, ? FROM rows WHERE scope = ? AND key = ?",
    );
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { key, reason } of rows) {
        move.run(new Date(at).toISOString(), scope, reason, id, storedKey(key));
        this.#remove.run(id, storedKey(key));
      }
      this.#database.exec("COMMIT");
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  #write(scope: string, key: string, value: Uint8Array | undefined): void {
    const id = this.#scopeIds.get(scope)!;
    if (value === undefined) this.#remove.run(id, key);
    else this.#put.run(id, key, value, checksumOf(id, key, value));
  }

  #failed(type: "failed" | "unknown", rows: PackedRows, newScopes: readonly string[], thrown: unknown): CommitOutcome {
    this.#rollBack();
    for (const scope of newScopes) this.#scopeIds.delete(scope);
    return { type, reason: this.#reason(thrown, rows) };
  }

  /** Where the disk is full SQLite has taken the transaction back itself. */
  #rollBack(): void {
    try {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    } catch {
      // The next BEGIN says what is still wrong.
    }
  }

  /** SQLite has one code for a full disk and for a file that may not grow: what was to be added tells them apart. */
  #reason(thrown: unknown, rows: PackedRows): string {
    const atTheMost = this.bytes() + 2 * (rows.values.length + rows.keys.length) + PAGES_TO_SPARE * this.#pageBytes;
    if (resultCode(thrown) === FULL && atTheMost > this.#bytesMax) {
      return `it has reached its max_size of ${formatByteSize(this.#bytesMax)}`;
    }
    return failureText(thrown);
  }
}

/** What a row is stored with, so that bytes that have changed are found. */
export function checksumOf(scope: number, key: string, value: Uint8Array): number {
  return crc32(value, crc32(key, scope));
}
