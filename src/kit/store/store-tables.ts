import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import type { ScopeRename } from "../../component/store.ts";
import { formatByteSize } from "../../lib/byte-size.ts";
import type { BadRow, CommitOutcome, LoadedRows, StoreSize } from "./messages.ts";
import { eachRow, type PackedRows, RowPacker, type ScopeName } from "./packed-rows.ts";
import { pragma } from "./schema.ts";
import { FULL, failureText, IO_ERROR, resultCode } from "./sqlite-failure.ts";
import { keyOfStored, storedKey } from "./stored-key.ts";
import { TableWriter } from "./table-writer.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

/** A tree of pages takes some more when it grows. */
const PAGES_TO_SPARE = 8;

/** The tables of values: those in use, and those that rest. */
export const TABLES: readonly string[] = ["rows", "archive"];

/** What is needed of an open database. */
export type Database = Pick<DatabaseSync, "exec" | "prepare" | "isTransaction">;

/** The tables of an open store: what is read and written while the agent runs. */
export class StoreTables {
  readonly #database: Database;
  readonly #bytesMax: number;
  readonly #pageBytes: number;
  readonly #scopeIds = new Map<string, number>();
  readonly #rows: TableStatements;
  readonly #archive: TableStatements;
  readonly #addScope: StatementSync;
  readonly #pageCount: StatementSync;
  readonly #freePageCount: StatementSync;
  readonly #log: WriteAheadLog;

  constructor(database: Database, bytesMax: number) {
    this.#database = database;
    this.#bytesMax = bytesMax;
    this.#pageBytes = pragma(database, "page_size");
    this.#rows = statementsOf(database, "rows");
    this.#archive = statementsOf(database, "archive");
    this.#addScope = database.prepare("INSERT INTO scopes (name) VALUES (?)");
    this.#pageCount = database.prepare("PRAGMA page_count");
    this.#freePageCount = database.prepare("PRAGMA freelist_count");
    this.#log = new WriteAheadLog(database, this.#pageBytes);
    this.#log.follow(this.size().bytes);
    for (const { id, name } of database.prepare("SELECT id, name FROM scopes").all()) {
      this.#scopeIds.set(name as string, id as number);
    }
  }

  size(): StoreSize {
    const pages = this.#pageCount.get()!["page_count"] as number;
    const freePages = this.#freePageCount.get()!["freelist_count"] as number;
    return { bytes: pages * this.#pageBytes, freeBytes: freePages * this.#pageBytes };
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
      : statement.all(id, storedKey(after), rowsMax)) as unknown as readonly StoredRow[];
    const last = found.length < rowsMax ? undefined : keyOfStored(found.at(-1)![0]);
    return { ...checked({ name: scope }, id, found), last };
  }

  find(scope: ScopeName, keys: readonly string[]): LoadedRows {
    const id = this.#scopeIds.get(scope.name) ?? 0;
    const { get } = this.#tableOf(scope);
    const found: StoredRow[] = [];
    for (const key of keys) {
      const row = get.get(id, storedKey(key)) as unknown as StoredRow | undefined;
      if (row !== undefined) found.push(row);
    }
    return { ...checked(scope, id, found), last: undefined };
  }

  count(scope: ScopeName): number {
    return this.#tableOf(scope).count.get(this.#scopeIds.get(scope.name) ?? 0)!["count"] as number;
  }

  /** All rows or none. After whatever failure, the next commit begins afresh. */
  commit(rows: PackedRows): CommitOutcome {
    const { isFull, ...outcome } = this.#attempt(rows);
    // What fills the disk can be our own log: what is in it can go to the file, which has its room already.
    if (!isFull || !this.#log.empty()) return outcome;
    const { isFull: _, ...second } = this.#attempt(rows);
    return second;
  }

  #attempt(rows: PackedRows): CommitOutcome & { readonly isFull?: boolean } {
    const database = this.#database;
    const names = new Set(rows.scopes.map(({ name }) => name));
    const newScopes = [...names].filter((name) => !this.#scopeIds.has(name));
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const scope of newScopes) this.#scopeIds.set(scope, Number(this.#addScope.run(scope).lastInsertRowid));
      eachRow(rows, (scope, key, value) => this.#write(scope, storedKey(key), value));
      this.#rows.writer.flush();
      this.#archive.writer.flush();
    } catch (thrown) {
      return this.#failed("failed", rows, newScopes, thrown);
    }
    try {
      database.exec("COMMIT");
    } catch (thrown) {
      // An error of the disk may have come after the last byte was written: then a restart would find the commit whole.
      return this.#failed(resultCode(thrown) === IO_ERROR ? "unknown" : "failed", rows, newScopes, thrown);
    }
    const size = this.size();
    this.#log.follow(size.bytes);
    return { type: "kept", size };
  }

  scopeNames(): readonly string[] {
    return filledScopes(this.#database);
  }

  /** All or none; throws where rows are in the way, unless these may be set aside. Rows keep their scope's number. */
  renameScopes(renames: readonly ScopeRename[], replace?: { readonly at: number }): void {
    const database = this.#database;
    const ids = new Map(this.#scopeIds);
    database.exec("BEGIN IMMEDIATE");
    try {
      for (const { from, to } of renames) {
        const inTheWay = ids.get(to);
        if (inTheWay !== undefined) {
          if (replace === undefined && filledScopes(database).includes(to)) throw new Error(`${to} has rows already`);
          for (const table of TABLES) {
            database
              .prepare(
                "INSERT INTO set_aside (at, scope, key, value, reason) " +
                  `SELECT ?, ?, key, value, 'replaced by another state' FROM ${table} WHERE scope = ?`,
              )
              .run(new Date(replace?.at ?? 0).toISOString(), to, inTheWay);
            database.prepare(`DELETE FROM ${table} WHERE scope = ?`).run(inTheWay);
          }
          database.prepare("DELETE FROM scopes WHERE id = ?").run(inTheWay);
          ids.delete(to);
        }
        const id = ids.get(from);
        if (id === undefined) continue;
        database.prepare("UPDATE scopes SET name = ? WHERE id = ?").run(to, id);
        ids.delete(from);
        ids.set(to, id);
      }
      database.exec("COMMIT");
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
    this.#scopeIds.clear();
    for (const [name, id] of ids) this.#scopeIds.set(name, id);
  }

  setAside(scope: ScopeName, rows: readonly BadRow[], at: number): void {
    const id = this.#scopeIds.get(scope.name) ?? 0;
    const { setAside, writer } = this.#tableOf(scope);
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      for (const { key, reason } of rows) {
        setAside.run(new Date(at).toISOString(), scope.name, reason, id, storedKey(key));
        writer.remove(id, storedKey(key));
      }
      this.#database.exec("COMMIT");
    } catch (thrown) {
      this.#rollBack();
      throw thrown;
    }
  }

  #write(scope: ScopeName, key: string, value: Uint8Array | undefined): void {
    const id = this.#scopeIds.get(scope.name)!;
    const { writer } = this.#tableOf(scope);
    if (value === undefined) writer.remove(id, key);
    else writer.put(id, key, value, checksumOf(id, key, value));
  }

  #tableOf({ archived }: ScopeName): TableStatements {
    return archived === true ? this.#archive : this.#rows;
  }

  #failed(type: "failed" | "unknown", rows: PackedRows, newScopes: readonly string[], thrown: unknown) {
    this.#rollBack();
    this.#rows.writer.clear();
    this.#archive.writer.clear();
    for (const scope of newScopes) this.#scopeIds.delete(scope);
    return { type, reason: this.#reason(thrown, rows), isFull: resultCode(thrown) === FULL };
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
    const atTheMost =
      this.size().bytes + 2 * (rows.values.length + rows.keys.length) + PAGES_TO_SPARE * this.#pageBytes;
    if (resultCode(thrown) === FULL && atTheMost > this.#bytesMax) {
      return `it has reached its max_size of ${formatByteSize(this.#bytesMax)}`;
    }
    return failureText(thrown);
  }
}

/** The names of the scopes that have rows. */
export function filledScopes(database: Pick<Database, "prepare">, tables = TABLES): readonly string[] {
  const isFilled = tables.map((table) => `EXISTS (SELECT 1 FROM ${table} WHERE scope = id)`);
  const rows = database.prepare(`SELECT name FROM scopes WHERE ${isFilled.join(" OR ")} ORDER BY name`).all();
  return rows.map(({ name }) => name as string);
}

/** What a row is stored with, so that bytes that have changed are found. */
export function checksumOf(scope: number, key: string, value: Uint8Array): number {
  return crc32(value, crc32(key, scope));
}

type StoredRow = readonly [key: string, value: Uint8Array, checksum: number];

/** What is done with one of the two tables of values, which are alike. */
interface TableStatements {
  readonly writer: TableWriter;
  readonly get: StatementSync;
  readonly count: StatementSync;
  readonly setAside: StatementSync;
}

function statementsOf(database: Database, table: "rows" | "archive"): TableStatements {
  const get = database.prepare(`SELECT key, value, checksum FROM ${table} WHERE scope = ? AND key = ?`);
  get.setReturnArrays(true);
  return {
    get,
    writer: new TableWriter(database, table),
    count: database.prepare(`SELECT count(*) AS count FROM ${table} WHERE scope = ?`),
    setAside: database.prepare(
      "INSERT INTO set_aside (at, scope, key, value, reason) " +
        `SELECT ?, ?, key, value, ? FROM ${table} WHERE scope = ? AND key = ?`,
    ),
  };
}

/** Those whose bytes are those that were written, and the others. */
function checked(scope: ScopeName, id: number, found: readonly StoredRow[]): Pick<LoadedRows, "rows" | "bad"> {
  const packer = new RowPacker(found.length);
  const bad: BadRow[] = [];
  for (const [key, value, checksum] of found) {
    if (checksum === checksumOf(id, key, value)) packer.addBytes(scope, keyOfStored(key), value);
    else bad.push({ key: keyOfStored(key), reason: "its checksum does not fit" });
  }
  return { rows: packer.packed(), bad };
}
