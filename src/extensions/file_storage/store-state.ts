import type { Log } from "../../component/log.ts";
import type { ComponentStatus, Health } from "../../component/status.ts";
import type { BadRow, OpenedStore } from "../../kit/store/messages.ts";
import type { SqliteStoreEvents } from "../../kit/store/sqlite-store.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { Telemetry } from "./telemetry.ts";

/** A disk that takes longer is in trouble, though the commit may still come to a good end. */
const SLOW_MS = 1000;

export interface StoreStateParts {
  readonly log: Log;
  readonly report: (status: ComponentStatus) => void;
  readonly telemetry: Telemetry;
}

/** What is known of the store's condition: told once when it changes, and to whoever asks for its health. */
export class StoreState implements SqliteStoreEvents {
  readonly #log: Log;
  readonly #report: (status: ComponentStatus) => void;
  readonly #telemetry: Telemetry;
  /** Why commits fail at present. */
  #failure: string | undefined;
  /** What was found damaged since the start; a person should know, so it stays. */
  readonly #damages: string[] = [];
  bytes = 0;

  constructor({ log, report, telemetry }: StoreStateParts) {
    this.#log = log;
    this.#report = report;
    this.#telemetry = telemetry;
  }

  opened({ file, bytes, setAside, migratedFrom }: OpenedStore): void {
    this.bytes = bytes;
    if (migratedFrom !== undefined)
      this.#log.info(`the store was of version ${migratedFrom} and was brought up to date`);
    if (setAside === undefined) return;
    const { file: asideFile, reason, usable } = setAside;
    this.#telemetry.filesSetAside.value++;
    this.#damage(
      usable
        ? `the store ${file} has lost its last commits: ${reason}. It is used as it is now, and a copy of it as it was is kept as ${asideFile}`
        : `the store ${file} could not be used: ${reason}. It is kept as ${asideFile}, and a new one was begun: totals start from zero`,
    );
  }

  kept(bytes: number): void {
    this.bytes = bytes;
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#log.info("the store keeps commits again");
    this.#report({ state: "ok" });
  }

  notKept(reason: string): void {
    if (this.#failure === reason) return;
    this.#failure = reason;
    const message = `the store cannot keep anything: ${reason}. Reports are refused, and GOST keeps them, until it can`;
    this.#log.error(message);
    this.#report({ state: "recoverable_error", message });
  }

  rowsSetAside(scope: string, rows: readonly BadRow[]): void {
    this.#telemetry.rowsSetAside.value += rows.length;
    const { key, reason } = rows[0]!;
    const what = rows.length === 1 ? "1 stored row" : `${rows.length} stored rows`;
    const kept = rows.length === 1 ? "is kept" : "are kept";
    this.#damage(`${what} of ${scope} could not be read and ${kept} in the table set_aside: ${key}: ${reason}`);
  }

  health(waitingMs: number): Health {
    if (this.#failure !== undefined) return { status: "failed", message: this.#failure };
    if (waitingMs > SLOW_MS)
      return { status: "degraded", message: `a commit has taken ${formatDuration(waitingMs)} so far` };
    return this.#damages.length === 0 ? { status: "ok" } : { status: "degraded", message: this.#damages.join("; ") };
  }

  #damage(message: string): void {
    this.#damages.push(message);
    this.#log.error(message);
  }
}
