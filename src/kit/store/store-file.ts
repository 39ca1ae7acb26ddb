import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { ScopeRename } from "../../component/store.ts";
import { createFile, lockFolder } from "./folder-lock.ts";
import { inspectFile } from "./inspect-file.ts";
import type { BadRow, CommitOutcome, LoadedRows, OpenedStore, StoreFileOptions } from "./messages.ts";
import type { PackedRows, ScopeName } from "./packed-rows.ts";
import { MIGRATIONS, migrate, pragma } from "./schema.ts";
import { setAsideFile } from "./set-aside-file.ts";
import { StoreTables } from "./store-tables.ts";

export const STORE_FILE = "gostcol.db";

/** A log that grew while a reader held it is cut back to this. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;

/** A store's file, open and locked. Everything here waits for the disk: it belongs in a thread of its own. */
export interface StoreFile {
  readonly opened: OpenedStore;
  load(scope: string, after: string | undefined, rowsMax: number): LoadedRows;
  /** The rows of these keys that there are. */
  find(scope: ScopeName, keys: readonly string[]): LoadedRows;
  count(scope: ScopeName): number;
  commit(rows: PackedRows): CommitOutcome;
  /** Moves rows that cannot be used to a table of their own. */
  setAside(scope: ScopeName, rows: readonly BadRow[], at: number): void;
  /** Of the scopes that have rows. */
  scopeNames(): readonly string[];
  /** Gives scopes other names. With `replace`, what is in the way is moved to the table of what was set aside. */
  renameScopes(renames: readonly ScopeRename[], replace?: { readonly at: number }): void;
  close(): void;
}

/** Locks the folder and opens the store in it: the one that is there, or a new one. docs/specs/store.md has the rules. */
export function openStoreFile(options: StoreFileOptions, migrations = MIGRATIONS): StoreFile {
  const lock = lockFolder(options);
  try {
    const file = join(options.folder, STORE_FILE);
    const setAside = setAsideFlawed(file, options);
    createFile(file);
    const database = new DatabaseSync(file);
    try {
      const version = migrate(database, migrations);
      configure(database, options);
      const tables = new StoreTables(database, options.bytesMax);
      tables.tell("opened_at", new Date(options.now).toISOString());
      const size = tables.size();
      const migrated = version > 0 && version < migrations.length ? { migratedFrom: version } : {};
      return {
        opened: { file, size, ...(setAside === undefined ? {} : { setAside }), ...migrated },
        load: (scope, after, rowsMax) => tables.load(scope, after, rowsMax),
        find: (scope, keys) => tables.find(scope, keys),
        count: (scope) => tables.count(scope),
        commit: (rows) => tables.commit(rows),
        setAside: (scope, rows, at) => tables.setAside(scope, rows, at),
        scopeNames: () => tables.scopeNames(),
        renameScopes: (renames, replace) => tables.renameScopes(renames, replace),
        close() {
          database.close();
          lock.release();
        },
      };
    } catch (thrown) {
      database.close();
      throw thrown;
    }
  } catch (thrown) {
    lock.release();
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
