import type { DatabaseSync } from "node:sqlite";

/** `gost` in ASCII: tells a gostcol store from any other SQLite file. */
export const APPLICATION_ID = 0x676f7374;

/**
 * What brings a file from each version to the next: the first makes version 1 of an empty file. A released one never
 * changes; a new format is a new one at the end, with a file of the version before it in the tests.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE scopes (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE rows (
    scope INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE set_aside (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE archive (
    scope INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** Brings a file to the newest version in one transaction, and says which one it had. */
export function migrate(database: DatabaseSync, migrations = MIGRATIONS): number {
  const version = pragma(database, "user_version");
  if (version === migrations.length) return version;
  database.exec("BEGIN IMMEDIATE");
  try {
    for (const statements of migrations.slice(version)) database.exec(statements);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${migrations.length}; COMMIT`);
  } catch (thrown) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw thrown;
  }
  return version;
}

/** A pragma that answers with one number. */
export function pragma(database: Pick<DatabaseSync, "prepare">, name: string): number {
  return Object.values(database.prepare(`PRAGMA ${name}`).get()!)[0] as number;
}
