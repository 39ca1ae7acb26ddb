import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { APPLICATION_ID, MIGRATIONS, pragma } from "./schema.ts";
import { isDamage } from "./sqlite-failure.ts";
import { walDamage } from "./wal-damage.ts";

/** Larger files get the check that reads every page but compares no order of keys: it takes a third of the time. */
const FULL_CHECK_BYTES_MAX = 64 * 1024 * 1024;
const SQLITE_HEADER = "SQLite format 3\0";

/** What is wrong with a file. `usable`: what it still holds is consistent, only that its last commits are lost. */
export interface Flaw {
  readonly reason: string;
  readonly usable: boolean;
}

/**
 * What keeps a file from being used as our store; undefined where nothing does, or where there is none yet. Changes
 * nothing in the file. Throws where it cannot be read for reasons that are not the file's own.
 */
export function inspectFile(file: string): Flaw | undefined {
  const reason = unusable(file);
  if (reason !== undefined) return { reason, usable: false };
  const lost = walDamage(`${file}-wal`);
  return lost === undefined ? undefined : { reason: lost, usable: true };
}

function unusable(file: string): string | undefined {
  const bytes = sizeOf(file);
  const walBytes = sizeOf(`${file}-wal`);
  if (bytes === 0) return walBytes === 0 ? undefined : "its write-ahead log is there without the file itself";
  if (headOf(file) !== SQLITE_HEADER) return "it is no SQLite database";
  // Opened for reading, SQLite moves nothing from the log into the file when it closes. A rollback journal is left by a
  // process that was killed while it created the file: that one has to be played back first.
  const readOnly = !existsSync(`${file}-journal`);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly });
    return ownership(database) ?? integrity(database, bytes);
  } catch (thrown) {
    if (isDamage(thrown)) return `it is damaged: ${(thrown as Error).message}`;
    throw thrown;
  } finally {
    database?.close();
  }
}

function ownership(database: DatabaseSync): string | undefined {
  const version = pragma(database, "user_version");
  if (pragma(database, "application_id") !== APPLICATION_ID) {
    const objects = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get()!["count"];
    return objects === 0 && version === 0 ? undefined : "it belongs to another program";
  }
  if (version <= MIGRATIONS.length) return undefined;
  return `it is of version ${version}, written by a newer gostcol; this one knows versions up to ${MIGRATIONS.length}`;
}

function integrity(database: DatabaseSync, bytes: number): string | undefined {
  const check = bytes > FULL_CHECK_BYTES_MAX ? "quick_check" : "integrity_check";
  const first = Object.values(database.prepare(`PRAGMA ${check}(1)`).get()!)[0];
  return first === "ok" ? undefined : `it fails its integrity check: ${String(first).replaceAll("\n", " ")}`;
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function headOf(file: string): string {
  const head = Buffer.alloc(SQLITE_HEADER.length);
  const descriptor = openSync(file, "r");
  readSync(descriptor, head, 0, head.length, 0);
  closeSync(descriptor);
  return head.toString("latin1");
}
