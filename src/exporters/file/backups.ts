import { readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";

const DAY_MS = 86_400_000;

export interface BackupOptions {
  /** Of the file that is written. */
  readonly path: string;
  readonly localTime: boolean;
  /** 0: no limit. */
  readonly backupsMax: number;
  readonly daysMax: number;
}

/** Files that were put aside: `data.json` as `data-2026-01-31T12-00-00.000.json`, with the time when that was. */
export class Backups {
  readonly #options: BackupOptions;
  readonly #extension: string;
  /** With the folder. */
  readonly #stem: string;

  constructor(options: BackupOptions) {
    this.#options = options;
    this.#extension = extname(options.path);
    const name = basename(options.path, this.#extension);
    this.#stem = join(dirname(options.path), name);
  }

  /** Renames the file. A name that is taken is never taken again: the next millisecond's is. */
  async putAside(nowMs: number): Promise<void> {
    let timeMs = nowMs;
    while (await exists(this.#nameOf(timeMs))) timeMs++;
    await rename(this.#options.path, this.#nameOf(timeMs));
  }

  /** Deletes what there is too much of, and what is too old. Returns how many. */
  async prune(nowMs: number): Promise<number> {
    const { backupsMax, daysMax } = this.#options;
    const oldest = daysMax === 0 ? "" : this.#nameOf(nowMs - daysMax * DAY_MS);
    const all = await this.#all();
    const tooMany = backupsMax === 0 ? 0 : Math.max(0, all.length - backupsMax);
    const gone = all.filter((name, index) => index < tooMany || name < oldest);
    for (const name of gone) await rm(name);
    return gone.length;
  }

  /** Oldest first: the names sort by their times. */
  async #all(): Promise<readonly string[]> {
    const folder = dirname(this.#options.path);
    const names = (await readdir(folder)).map((name) => join(folder, name));
    return names.filter((name) => this.#isBackup(name)).toSorted();
  }

  #isBackup(name: string): boolean {
    const { length } = this.#extension;
    const time = name.slice(this.#stem.length, length === 0 ? undefined : -length);
    return (
      name.startsWith(this.#stem) &&
      name.endsWith(this.#extension) &&
      /^-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}$/.test(time)
    );
  }

  #nameOf(timeMs: number): string {
    const offsetMs = this.#options.localTime ? new Date(timeMs).getTimezoneOffset() * 60_000 : 0;
    const time = new Date(timeMs - offsetMs).toISOString().slice(0, -1).replaceAll(":", "-");
    return `${this.#stem}-${time}${this.#extension}`;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false; // If it cannot be looked at, the rename says so.
  }
}
