import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

/** To run a statement costs about as much as to write a row, so one statement writes several. */
const ROWS_PER_STATEMENT = 16;
const COLUMNS = 4;

/** Writes the rows of one table within a transaction. What was put is there after `flush`, in the order of the calls. */
export class TableWriter {
  readonly #putOne: StatementSync;
  readonly #putSeveral: StatementSync;
  readonly #remove: StatementSync;
  readonly #waiting: SQLInputValue[] = [];

  constructor(database: Pick<DatabaseSync, "prepare">, table: string) {
    const put = (rows: number) =>
      database.prepare(
        `INSERT INTO ${table} (scope, key, value, checksum) VALUES ${Array(rows).fill("(?, ?, ?, ?)").join(", ")} ` +
          "ON CONFLICT DO UPDATE SET value = excluded.value, checksum = excluded.checksum",
      );
    this.#putOne = put(1);
    this.#putSeveral = put(ROWS_PER_STATEMENT);
    this.#remove = database.prepare(`DELETE FROM ${table} WHERE scope = ? AND key = ?`);
  }

  put(scope: number, key: string, value: Uint8Array, checksum: number): void {
    const waiting = this.#waiting;
    waiting.push(scope, key, value, checksum);
    if (waiting.length < COLUMNS * ROWS_PER_STATEMENT) return;
    this.#putSeveral.run(...waiting);
    waiting.length = 0;
  }

  remove(scope: number, key: string): void {
    this.flush();
    this.#remove.run(scope, key);
  }

  flush(): void {
    const waiting = this.#waiting;
    for (let at = 0; at < waiting.length; at += COLUMNS) this.#putOne.run(...waiting.slice(at, at + COLUMNS));
    waiting.length = 0;
  }

  /** Forgets what was not written: the transaction is taken back. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
