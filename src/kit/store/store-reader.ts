import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Codec } from "../../component/store.ts";
import type { StoredRows } from "../../component/totals.ts";
import { APPLICATION_ID, MIGRATIONS, pragma } from "./schema.ts";
import { failureText } from "./sqlite-failure.ts";
import { STORE_FILE } from "./store-file.ts";
import { checksumOf, filledScopes, TABLES } from "./store-tables.ts";
import { keyOfStored, storedKey } from "./stored-key.ts";

/** How long a writer is waited for, who has the file for himself while he begins or ends. */
const BUSY_TIMEOUT_MS = 5000;

/** The first one with the table `archive`. */
const ARCHIVE_VERSION = 2;

/** A store that cannot be read; the message is for a person. */
export class StoreReadError extends Error {
  override readonly name = "StoreReadError";
}

export interface StoreCheck {
  readonly version: number;
  /** What SQLite finds wrong with its pages first. */
  readonly flaw: string | undefined;
  readonly scopes: readonly ScopeCheck[];
  /** In the table of those that could not be used, or were replaced. */
  readonly rowsSetAside: number;
}

export interface ScopeCheck {
  readonly name: string;
  readonly rows: number;
  /** Of keys and values. */
  readonly bytes: number;
  /** Rows whose checksum does not fit. */
  readonly damaged: number;
}

/**
 * A store as it is at one moment, read beside the agent that writes it, or without one. What was committed last before it
 * was opened is what it shows until it is closed: close it soon, for meanwhile the agent's log can only grow.
 */
export class StoreReader {
  readonly folder: string;
  readonly file: string;
  /** Rows that could not be read so far. */
  unreadable = 0;
  readonly #database: DatabaseSync;
  readonly #scopeIds: ReadonlyMap<string, number>;
  /** The tables of values. */
  readonly #tables: readonly string[];
  readonly #oneRow: StatementSync;

  /** Throws a `StoreReadError` where there is no store, or none that this gostcol knows. */
  constructor(folder: string) {
    this.folder = folder;
    this.file = join(folder, STORE_FILE);
    this.#database = open(folder, this.file);
    try {
      this.#database.exec("BEGIN");
      this.#tables = versionOf(this.#database) >= ARCHIVE_VERSION ? TABLES : TABLES.slice(0, 1);
      const rows = this.#database.prepare("SELECT id, name FROM scopes").all();
      this.#scopeIds = new Map(rows.map(({ id, name }) => [name as string, id as number]));
      this.#oneRow = this.#database.prepare(this.#select("key = ?2"));
      this.#oneRow.setReturnArrays(true);
    } catch (thrown) {
      this.#database.close();
      throw unreadable(this.file, thrown);
    }
  }

  /** In bytes: of the file, and of the log beside it. */
  get sizes(): { readonly file: number; readonly log: number } {
    const size = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    return { file: size(this.file), log: size(`${this.file}-wal`) };
  }

  /** One component's rows. */
  of(owner: string): StoredRows {
    const scopeName = (name: string) => (name === "" ? owner : `${owner}#${name}`);
    return {
      rows: (codec, name) => this.#rows(codec, scopeName(name)),
      row: (codec, name, key) => this.#row(codec, scopeName(name), key),
    };
  }

  /** All scopes that have rows. */
  scopeNames(): readonly string[] {
    return filledScopes(this.#database, this.#tables);
  }

  /** Reads all of it: SQLite's own check, and the checksum of each row. */
  check(): StoreCheck {
    const [flaw] = Object.values(this.#database.prepare("PRAGMA integrity_check(1)").get()!);
    const setAside = this.#database.prepare("SELECT count(*) AS count FROM set_aside").get()!;
    return {
      version: pragma(this.#database, "user_version"),
      flaw: flaw === "ok" ? undefined : String(flaw).replaceAll("\n", " "),
      scopes: this.scopeNames().map((name) => this.#checkScope(name)),
      rowsSetAside: setAside["count"] as number,
    };
  }

  /** Safe twice. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #checkScope(name: string): ScopeCheck {
    const id = this.#scopeIds.get(name)!;
    const select = this.#database.prepare(this.#select("TRUE"));
    select.setReturnArrays(true);
    const found = { name, rows: 0, bytes: 0, damaged: 0 };
    for (const row of select.iterate(id)) {
      const [key, value, checksum] = row as unknown as [string, Uint8Array, number];
      found.rows++;
      found.bytes += Buffer.byteLength(key) + value.length;
      if (checksum !== checksumOf(id, key, value)) found.damaged++;
    }
    return found;
  }

  *#rows<T>(codec: Codec<T>, scope: string): Iterable<readonly [string, T]> {
    const id = this.#scopeIds.get(scope);
    if (id === undefined) return;
    const select = this.#database.prepare(`${this.#select("TRUE")} ORDER BY key`);
    select.setReturnArrays(true);
    for (const row of select.iterate(id)) {
      const [key, value, checksum] = row as unknown as [string, Uint8Array, number];
      const decoded = this.#decoded(codec, id, key, value, checksum);
      if (decoded !== undefined) yield [keyOfStored(key), decoded.value];
    }
  }

  #row<T>(codec: Codec<T>, scope: string, key: string): T | undefined {
    const id = this.#scopeIds.get(scope);
    if (id === undefined) return undefined;
    const stored = storedKey(key);
    const row = this.#oneRow.get(id, stored) as unknown as [string, Uint8Array, number] | undefined;
    return row && this.#decoded(codec, id, stored, row[1], row[2])?.value;
  }

  /** The rows of a scope, wherever they are. */
  #select(condition: string): string {
    const parts = this.#tables.map(
      (table) => `SELECT key, value, checksum FROM ${table} WHERE scope = ?1 AND ${condition}`,
    );
    return parts.join(" UNION ALL ");
  }

  #decoded<T>(codec: Codec<T>, scope: number, key: string, value: Uint8Array, checksum: number) {
    try {
      if (checksum === checksumOf(scope, key, value)) return { value: codec.decode(value) };
    } catch {
      // Counted as a row whose checksum does not fit.
    }
    this.unreadable++;
    return undefined;
  }
}

function open(folder: string, file: string): DatabaseSync {
  if (!existsSync(file)) throw new StoreReadError(`There is no store in ${folder}.`);
  try {
    return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  } catch (thrown) {
    throw unreadable(file, thrown);
  }
}

function versionOf(database: DatabaseSync): number {
  if (pragma(database, "application_id") !== APPLICATION_ID) throw new Error("it is no store of gostcol");
  const version = pragma(database, "user_version");
  if (version > MIGRATIONS.length) throw new Error(`it is of version ${version}, written by a newer gostcol`);
  return version;
}

function unreadable(file: string, thrown: unknown): StoreReadError {
  return new StoreReadError(`The store ${file} cannot be read: ${failureText(thrown)}.`, { cause: thrown });
}
