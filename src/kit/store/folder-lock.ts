import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { StoreFileOptions } from "./messages.ts";
import { PlacedFiles } from "./placed-files.ts";
import { resultCode } from "./sqlite-failure.ts";

const BUSY = 5;

export interface FolderLock {
  /** False once somebody removed it: then others can take the folder. */
  isInPlace(): boolean;
  release(): void;
}

/** Another agent, or a command, has the folder. */
export class FolderInUseError extends Error {
  override readonly name = "FolderInUseError";
}

/**
 * Makes the folder ours: nobody else opens a store in it until the lock is released or this process has ended, however
 * it ended. The lock is an empty SQLite file held exclusively, so it is the operating system's own, on every platform.
 */
export function lockFolder({ folder, createFolder, folderMode, lockTimeoutMs }: StoreFileOptions): FolderLock {
  prepareFolder(folder, createFolder, folderMode);
  const file = join(folder, "gostcol.lock");
  createFile(file);
  const database = new DatabaseSync(file, { timeout: lockTimeoutMs });
  try {
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (thrown) {
    database.close();
    if (resultCode(thrown) !== BUSY) throw thrown;
    throw new FolderInUseError(
      `the folder ${folder} is in use by another gostcol: give each its own, or end the other one`,
    );
  }
  const placed = new PlacedFiles([file]);
  return { isInPlace: () => placed.areInPlace(), release: () => database.close() };
}

/** Others than the owner may not read what is in a store. An existing file is left alone: to close it would unlock it. */
export function createFile(file: string): void {
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (thrown) {
    if (codeOf(thrown) !== "EEXIST") throw thrown;
  }
}

function prepareFolder(folder: string, create: boolean, mode: number): void {
  if (create) mkdirSync(folder, { recursive: true, mode });
  try {
    if (statSync(folder).isDirectory()) return;
  } catch (thrown) {
    if (codeOf(thrown) !== "ENOENT") throw thrown;
    throw new Error(`the folder ${folder} does not exist: create it, or set create_directory: true`);
  }
  throw new Error(`${folder} is no folder`);
}

function codeOf(thrown: unknown): unknown {
  return thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
}
