import type { DatabaseSync, StatementSync } from "node:sqlite";

/** What is needed of an open database. */
type Database = Pick<DatabaseSync, "exec" | "prepare">;

/**
 * So much of the log is brought into the file at once, which the commit that reaches it waits for. Often is late for
 * many; seldom makes the log long, which a start after a kill has to read.
 */
const LOG_BYTES_MAX = 32 * 1024 * 1024;

/** SQLite's own default, near enough. */
const LOG_BYTES_MIN = 4 * 1024 * 1024;

/**
 * The log of a store in WAL mode. It grows no longer than the file, within these bounds: on a small disk a log that is not
 * in the file yet would take the room that the file needs to take it in, and then nothing could ever be written again.
 */
export class WriteAheadLog {
  readonly #database: Database;
  readonly #pageBytes: number;
  readonly #checkpoint: StatementSync;
  #bytesMax = 0;

  constructor(database: Database, pageBytes: number) {
    this.#database = database;
    this.#pageBytes = pageBytes;
    this.#checkpoint = database.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** To be told how large the file is, its pages in the log included. */
  follow(fileBytes: number): void {
    const bytesMax = Math.min(LOG_BYTES_MAX, Math.max(LOG_BYTES_MIN, fileBytes));
    // In steps: to change it is a statement, and the file grows with each new client.
    if (bytesMax === this.#bytesMax || (bytesMax < 1.25 * this.#bytesMax && bytesMax < LOG_BYTES_MAX)) return;
    this.#bytesMax = bytesMax;
    this.#database.exec(`PRAGMA wal_autocheckpoint = ${Math.floor(bytesMax / this.#pageBytes)}`);
  }

  /** Brings all of it into the file and gives its room back; false where a reader is in the way, or the file has no room. */
  empty(): boolean {
    try {
      return this.#checkpoint.get()!["busy"] === 0;
    } catch {
      return false; // What could not be written before says why.
    }
  }
}
