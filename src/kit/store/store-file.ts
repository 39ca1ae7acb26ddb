import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ScopeRename } from "../../component/store.ts";
import { createFile, type FolderLock, lockFolder } from "./folder-lock.ts";
import { inspectFile } from "./inspect-file.ts";
import type { BadRow, CommitOutcome, LoadedRows, OpenedStore, RewrittenStore, StoreFileOptions } from "./messages.ts";
import type { PackedRows, ScopeName } from "./packed-rows.ts";
import { PlacedFiles } from "./placed-files.ts";
import { MIGRATIONS, migrate, pragma } from "./schema.ts";
import { setAsideFile, storeFilesAt } from "./set-aside-file.ts";
import { failureText } from "./sqlite-failure.ts";
import { StoreTables } from "./store-tables.ts";

export const STORE_FILE = "gostcol.db";

/** Where a store is written again, before it takes its name. */
const COPY_FILE = "gostcol.db-copy";

/** A log that grew while a reader held it is cut back to this. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

/** A store's file, open and locked. Everything here waits for the disk: it belongs in a thread of its own. */
export interface StoreFile {
  readonly opened: OpenedStore;
  load(scope: string, after: string | undefined, rowsMax: number): LoadedRows;
  /** The rows of these keys that there are. */
  find(scope: ScopeName, keys: readonly string[]): LoadedRows;
  count(scope: ScopeName): number;
  /** `at`: now, milliseconds since the epoch. What is kept is in the file that stands at the store's path. */
  commit(rows: PackedRows, at: number): CommitOutcome;
  /** Writes files again that were removed or replaced, as a commit does. Undefined where all are in place. */
  check(at: number): CommitOutcome | undefined;
  /** Moves rows that cannot be used to a table of their own. */
  setAside(scope: ScopeName, rows: readonly BadRow[], at: number): void;
  /** Of the scopes that have rows. */
  scopeNames(): readonly string[];
  /** Gives scopes other names. With `replace`, what is in the way is moved to the table of what was set aside. */
  renameScopes(renames: readonly ScopeRename[], replace?: { readonly at: number }): void;
  /** Throws where the file was removed, and could not be written again; it is closed all the same. */
  close(): void;
}

/** Locks the folder and opens the store in it: the one that is there, or a new one. docs/specs/store.md has the rules. */
export function openStoreFile(options: StoreFileOptions, migrations = MIGRATIONS): StoreFile {
  const lock = lockFolder(options);
  try {
    const file = join(options.folder, STORE_FILE);
    const setAside = setAsideFlawed(file, options);
    createFile(file);
    const database = openDatabase(file, options, migrations);
    const { version, tables } = database;
    const migrated = version > 0 && version < migrations.length ? { migratedFrom: version } : {};
    const opened = { file, size: tables.size(), ...(setAside === undefined ? {} : { setAside }), ...migrated };
    return new LockedStoreFile(opened, options, lock, database);
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

class LockedStoreFile implements StoreFile {
  readonly opened: OpenedStore;
  readonly #options: StoreFileOptions;
  #lock: FolderLock;
  #database: OpenDatabase;
  #now: number;

  constructor(opened: OpenedStore, options: StoreFileOptions, lock: FolderLock, database: OpenDatabase) {
    this.opened = opened;
    this.#options = options;
    this.#lock = lock;
    this.#database = database;
    this.#now = options.now;
  }

  load(scope: string, after: string | undefined, rowsMax: number): LoadedRows {
    return this.#database.tables.load(scope, after, rowsMax);
  }

  find(scope: ScopeName, keys: readonly string[]): LoadedRows {
    return this.#database.tables.find(scope, keys);
  }

  count(scope: ScopeName): number {
    return this.#database.tables.count(scope);
  }

  commit(rows: PackedRows, at: number): CommitOutcome {
    const outcome = this.#database.tables.commit(rows);
    return outcome.type === "kept" ? (this.check(at) ?? outcome) : outcome;
  }

  check(at: number): CommitOutcome | undefined {
    this.#now = at;
    try {
      if (this.#isInPlace()) return undefined;
      const rewritten = this.#putInPlace();
      return { type: "kept", size: this.#database.tables.size(), ...(rewritten && { rewritten }) };
    } catch (thrown) {
      // What was written stays in the file that is open here, so it is not lost yet.
      return { type: "unknown", reason: misplaced(thrown) };
    }
  }

  setAside(scope: ScopeName, rows: readonly BadRow[], at: number): void {
    this.#database.tables.setAside(scope, rows, at);
  }

  scopeNames(): readonly string[] {
    return this.#database.tables.scopeNames();
  }

  renameScopes(renames: readonly ScopeRename[], replace?: { readonly at: number }): void {
    this.#database.tables.renameScopes(renames, replace);
  }

  close(): void {
    try {
      if (!this.#isInPlace()) this.#putInPlace();
    } catch (thrown) {
      throw new Error(misplaced(thrown), { cause: thrown });
    } finally {
      this.#database.database.close();
      this.#lock.release();
    }
  }

  #isInPlace(): boolean {
    return this.#lock.isInPlace() && this.#database.files.areInPlace();
  }

  /** Takes the folder anew where the lock is gone, and writes the store again where its files are. */
  #putInPlace(): RewrittenStore | undefined {
    if (!this.#lock.isInPlace()) {
      const lock = lockFolder(this.#options);
      this.#lock.release();
      this.#lock = lock;
    }
    return this.#database.files.areInPlace() ? undefined : this.#rewrite();
  }

  /**
   * Writes all that the open file has to the store's path. Nothing of a log may be beside the new file when it takes its
   * name, for SQLite would play it back; so what our own log has goes to our own file first, should that be in place.
   */
  #rewrite(): RewrittenStore {
    const { file } = this.opened;
    const { database, files } = this.#database;
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const copy = join(this.#options.folder, COPY_FILE);
    writeCopy(database, copy);
    const own = files.inPlace();
    for (const path of own) if (path !== file) rmSync(path);
    const others = storeFilesAt(file).filter((path) => !own.includes(path));
    const setAside = others.length > 0 ? setAsideFile(file, "rename", this.#now) : undefined;
    renameSync(copy, file);
    this.#database = openDatabase(file, this.#options);
    database.close();
    return { file, ...(setAside !== undefined && { setAside }) };
  }
}

/** An open file, and what is needed of it. */
interface OpenDatabase {
  readonly database: DatabaseSync;
  readonly tables: StoreTables;
  /** It, its log and the log's index. */
  readonly files: PlacedFiles;
  /** The version of the format that it had. */
  readonly version: number;
}

function openDatabase(file: string, options: StoreFileOptions, migrations = MIGRATIONS): OpenDatabase {
  const database = new DatabaseSync(file);
  try {
    const version = migrate(database, migrations);
    configure(database, options);
    const tables = new StoreTables(database, options.bytesMax);
    tables.tell("opened_at", new Date(options.now).toISOString());
    return { database, tables, files: new PlacedFiles([file, `${file}-wal`, `${file}-shm`]), version };
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function setAsideFlawed(file: string, { onCorruption, now }: StoreFileOptions): OpenedStore["setAside"] {
  const flaw = inspectFile(file);
  if (flaw === undefined) return undefined;
  const { reason, usable } = flaw;
  if (onCorruption === "fail") throw new Error(`the store ${file} cannot be used: ${reason}`);
  return { file: setAsideFile(file, usable ? "copy" : "rename", now), reason, usable };
}

/**
 * A statement of several rows keeps what the pages were before it, to be taken back alone. By default that goes to a file
 * in a folder of temporary files when it is 64 KiB, with each statement anew: 16 rows that are on a page each are more.
 */
function configure(database: DatabaseSync, { fsync, bytesMax }: StoreFileOptions): void {
  const pageBytes = pragma(database, "page_size");
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA temp_store = MEMORY;
    PRAGMA synchronous = ${fsync ? "FULL" : "NORMAL"};
    PRAGMA journal_size_limit = ${LOG_BYTES_MAX};
    PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))};
  `);
}

/** All that a database has, in a file that the disk has. */
function writeCopy(database: DatabaseSync, path: string): void {
  rmSync(path, { force: true });
  createFile(path);
  try {
    database.prepare("VACUUM INTO ?").run(path);
  } catch (thrown) {
    rmSync(path);
    throw thrown;
  }
  const descriptor = openSync(path, "r+");
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function misplaced(thrown: unknown): string {
  return `its file was removed or replaced, and cannot be written again: ${failureText(thrown)}`;
}
