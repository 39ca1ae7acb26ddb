import type { Log } from "../../component/log.ts";
import type { ComponentStatus, Health } from "../../component/status.ts";
import type { BadRow, OpenedStore, RewrittenStore, StoreSize } from "../../kit/store/messages.ts";
import type { SqliteStoreEvents } from "../../kit/store/sqlite-store.ts";
import { formatByteSize } from "../../lib/byte-size.ts";
import { formatDuration } from "../../lib/duration.ts";
import type { Telemetry } from "./telemetry.ts";

/** A disk that takes longer is in trouble, though the commit may still come to a good end. */
const SLOW_MS = 1000;
/** From here on somebody should do something; and from there on it has been done. */
const CROWDED_SHARE = 0.9;
const UNCROWDED_SHARE = 0.8;

export interface StoreStateParts {
  readonly log: Log;
  readonly report: (status: ComponentStatus) => void;
  readonly telemetry: Telemetry;
  readonly bytesMax: number;
}

/** What is known of the store's condition: told once when it changes, and to whoever asks for its health. */
export class StoreState implements SqliteStoreEvents {
  readonly #log: Log;
  readonly #report: (status: ComponentStatus) => void;
  readonly #telemetry: Telemetry;
  readonly #bytesMax: number;
  #isCrowded = false;
  /** Why commits fail at present. */
  #failure: string | undefined;
  /** What was found damaged since the start; a person should know, so it stays. */
  readonly #damages: string[] = [];
  bytes = 0;

  constructor({ log, report, telemetry, bytesMax }: StoreStateParts) {
    this.#bytesMax = bytesMax;
    this.#log = log;
    this.#report = report;
    this.#telemetry = telemetry;
  }

  opened({ file, size, setAside, migratedFrom }: OpenedStore): void {
    this.#grown(size);
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

  kept(size: StoreSize): void {
    this.#grown(size);
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

  rewritten({ file, setAside }: RewrittenStore): void {
    if (setAside !== undefined) this.#telemetry.filesSetAside.value++;
    const other = setAside === undefined ? "" : `; what had taken its place is kept as ${setAside}`;
    this.#log.warn(`the store ${file} was removed or replaced while it was open. It is written again, whole${other}`);
  }

  lost(reason: string): void {
    this.#log.error(`the store is closed, and all that it kept is lost: ${reason}`);
  }

  rowsSetAside(scope: string, rows: readonly BadRow[]): void {
    this.#telemetry.rowsSetAside.value += rows.length;
    const { key, reason } = rows[0]!;
    const what = rows.length === 1 ? "1 stored row" : `${rows.length} stored rows`;
    const kept = rows.length === 1 ? "is kept" : "are kept";
    this.#damage(`${what} of ${scope} could not be read and ${kept} in the table set_aside: ${key}: ${reason}`);
  }

  health(waitingMs: number): Health {
    if (this.#failure !== undefined) return { status: "failed", message: this.#failure, refuses: true };
    if (waitingMs > SLOW_MS)
      return { status: "degraded", message: `a commit has taken ${formatDuration(waitingMs)} so far` };
    if (this.#isCrowded) return { status: "degraded", message: this.#crowdedText() };
    return this.#damages.length === 0 ? { status: "ok" } : { status: "degraded", message: this.#damages.join("; ") };
  }

  /** What is free within the file is room as well. */
  #grown({ bytes, freeBytes }: StoreSize): void {
    this.bytes = bytes;
    const share = (bytes - freeBytes) / this.#bytesMax;
    if (!this.#isCrowded && share >= CROWDED_SHARE) {
      this.#isCrowded = true;
      this.#log.warn(`${this.#crowdedText()}: at that size reports are refused. Raise max_size, and restart the agent`);
    } else if (this.#isCrowded && share < UNCROWDED_SHARE) {
      this.#isCrowded = false;
      this.#log.info("the store has room again");
    }
  }

  #crowdedText(): string {
    return `the store has nearly reached its max_size of ${formatByteSize(this.#bytesMax)}`;
  }

  #damage(message: string): void {
    this.#damages.push(message);
    this.#log.error(message);
  }
}
