import { copyFileSync, existsSync, readdirSync, renameSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** SQLite looks for a file's log and its index beside it, under its name; so they keep their endings. */
const ENDINGS = ["", "-wal", "-shm", "-journal"];

/**
 * Renames a store that cannot be used, with its log, to `NAME.set-aside-20261121T122632Z.db`, or copies one that can, and
 * says the new path. What is in it can still be read, and saved, by a person.
 */
export function setAsideFile(file: string, how: "rename" | "copy", now: number): string {
  const at = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  const name = (count: number) => {
    const number = count === 1 ? "" : `-${count}`;
    return join(dirname(file), `${basename(file, ".db")}.set-aside-${at}${number}.db`);
  };
  let count = 1;
  while (storeFilesAt(name(count)).length > 0) count++;
  // The file itself goes last: if this is cut off in between, the next start finds it and goes on.
  for (const ending of ENDINGS.toReversed()) {
    if (!existsSync(file + ending)) continue;
    if (how === "rename") renameSync(file + ending, name(count) + ending);
    // The index of the log is memory that processes share; SQLite makes it anew.
    else if (ending !== "-shm") copyFileSync(file + ending, name(count) + ending);
  }
  return name(count);
}

/** What is there of a store at this path: the file, and whatever SQLite would take for a part of it. */
export function storeFilesAt(file: string): readonly string[] {
  return ENDINGS.map((ending) => file + ending).filter((path) => existsSync(path));
}

/** The names of the stores in a folder that were set aside, the oldest first. */
export function filesSetAside(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /^gostcol\.set-aside-.*\.db$/.test(name))
    .sort();
}
