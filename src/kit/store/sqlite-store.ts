import { resolve } from "node:path";
import {
  type Change,
  CommitUnknownError,
  type Page,
  type PageRange,
  type StateScope,
  type StoreBackend,
  type StoredScopes,
  type ValueScope,
} from "../../component/store.ts";
import { orAborted } from "../../lib/abort.ts";
import type { Clock } from "../../lib/clock.ts";
import { oneAtATime } from "../../lib/one-at-a-time.ts";
import type {
  BadRow,
  CommitOutcome,
  LoadedRows,
  OpenedStore,
  RewrittenStore,
  StoreFileOptions,
  StoreSize,
} from "./messages.ts";
import { eachNewest } from "./newest-changes.ts";
import { eachDecoded, named, RowPacker, type ScopeName, transferable } from "./packed-rows.ts";
import { StoreThread, ThreadEndedError } from "./store-thread.ts";

/** A page of rows is decoded at once: few enough that nothing else has to wait for long. */
const ROWS_OF_A_PAGE = 10_000;
/** How often it is looked whether the files are still there while nothing is committed. */
const CHECK_MS = 5_000;
/** A buffer larger than this is not kept for the next commit. */
const SPARE_BYTES_MAX = 4 * 1024 * 1024;

export interface SqliteStoreOptions extends Omit<StoreFileOptions, "now"> {
  readonly clock: Clock;
  readonly on: SqliteStoreEvents;
  /** A thread of its own by default. */
  readonly startThread?: () => StoreThread;
}

/** What is worth telling somebody. Called as it happens. */
export interface SqliteStoreEvents {
  opened(opened: OpenedStore): void;
  kept(size: StoreSize): void;
  notKept(reason: string): void;
  /** The file was gone, and is there again with all that was kept. */
  rewritten(store: RewrittenStore): void;
  /** Closed without that. */
  lost(reason: string): void;
  /** Rows of a scope that could not be read; they are in the table `set_aside`. */
  rowsSetAside(scope: string, rows: readonly BadRow[]): void;
}

/**
 * A store in one SQLite file, in a thread of its own: a slow disk is waited for there. Format, rules and recovery:
 * docs/specs/store.md. A thread that ended unasked is replaced with the next commit; what it was doing is unknown then.
 */
export class SqliteStore implements StoreBackend {
  readonly durable = true;
  readonly #options: SqliteStoreOptions;
  #state: "new" | "open" | "closed" = "new";
  #thread: StoreThread | undefined;
  #waitingSince: number | undefined;
  #spare: ArrayBuffer | undefined;
  #stopChecks = () => {};

  constructor(options: SqliteStoreOptions) {
    this.#options = { ...options, folder: resolve(options.folder) };
  }

  get place(): string {
    return this.#options.folder;
  }

  /** How long the oldest commit has been waiting; 0 where none is. */
  get waitingMs(): number {
    return this.#waitingSince === undefined ? 0 : this.#options.clock.monotonic() - this.#waitingSince;
  }

  /** Locks the folder and opens the file. Rejects where that cannot be done, with nothing left open. */
  async open(signal: AbortSignal): Promise<void> {
    if (this.#state !== "new") throw new Error(`BUG: the store is opened while it is ${this.#state}`);
    signal.throwIfAborted();
    this.#state = "open";
    await orAborted(this.#openThread(), signal);
    this.#stopChecks = this.#options.clock.every(CHECK_MS, () => void this.#check());
  }

  async load<T>(scope: StateScope<T>, signal: AbortSignal): Promise<ReadonlyMap<string, T>> {
    const thread = this.#openedThread();
    const values = new Map<string, T>();
    const keep = (key: string, value: T) => void values.set(key, value);
    const ask = (after?: string): Promise<LoadedRows> =>
      thread.ask({ type: "load", scope: scope.name, after, rowsMax: ROWS_OF_A_PAGE });
    let next: Promise<LoadedRows> | undefined = ask();
    while (next !== undefined) {
      const page: LoadedRows = await next;
      signal.throwIfAborted();
      // The next page is read there while this one is decoded here.
      next = page.last === undefined ? undefined : ask(page.last);
      next?.catch(() => {}); // Heard in the next round, or not at all when this one throws.
      await this.#decode(thread, scope, page, keep);
    }
    return values;
  }

  async page<T>(scope: StateScope<T>, { after, rowsMax }: PageRange, signal: AbortSignal): Promise<Page<T>> {
    const thread = this.#openedThread();
    const page = await orAborted(thread.ask({ type: "load", scope: scope.name, after, rowsMax }), signal);
    const rows: [string, T][] = [];
    await this.#decode(thread, scope, page, (key, value) => rows.push([key, value]));
    return { rows, last: page.last };
  }

  async find<T>(scope: ValueScope<T>, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, T>> {
    const thread = this.#openedThread();
    const page = await orAborted(thread.ask({ type: "find", scope: named(scope), keys }), signal);
    const found = new Map<string, T>();
    await this.#decode(thread, scope, page, (key, value) => found.set(key, value));
    return found;
  }

  async count(scope: ValueScope<unknown>, signal: AbortSignal): Promise<number> {
    const { count } = await orAborted(this.#openedThread().ask({ type: "count", scope: named(scope) }), signal);
    return count;
  }

  commit(changes: readonly Change[]): Promise<void> {
    const thread = this.#openedThread();
    const packer = new RowPacker(changes.length, this.#spare);
    this.#spare = undefined;
    eachNewest(changes, ({ scope, key, value }) => {
      if (value === undefined) packer.addRemoved(scope, key);
      else packer.add(scope, key, value);
    });
    this.#waitingSince = this.#options.clock.monotonic();
    return this.#send(thread, packer).finally(() => {
      this.#waitingSince = undefined;
    });
  }

  /**
   * To the end of this turn of the event loop. The first report of many that came together would have a commit of its own
   * else, which the others then wait for. Longer would make commits fewer, but then nothing is left to do while one runs.
   */
  gather(ready: () => void): void {
    setImmediate(ready);
  }

  readonly scopes: StoredScopes = {
    names: (signal) => orAborted(this.#openedThread().ask({ type: "scopes" }), signal),
    rename: (renames, signal) => orAborted(this.#openedThread().ask({ type: "rename_scopes", renames }), signal),
  };

  /** Finishes what is under way and closes the file; at the deadline it ends the thread in the middle of it. Safe twice. */
  async close(deadline: AbortSignal): Promise<void> {
    this.#state = "closed";
    this.#stopChecks();
    const thread = this.#thread;
    if (thread === undefined) return;
    try {
      await thread.close(deadline);
    } catch (thrown) {
      // Where the thread answered that it could not close the file as it should.
      if (!deadline.aborted && !(thrown instanceof ThreadEndedError)) this.#options.on.lost((thrown as Error).message);
      await thread.terminate(); // As after a kill: nothing that was acknowledged is lost.
    }
  }

  async #send(thread: StoreThread, packer: RowPacker): Promise<void> {
    if (!thread.alive) await this.#reopen();
    const rows = packer.packed();
    const { clock, on } = this.#options;
    try {
      const request = { type: "commit", rows, at: clock.now() } as const;
      const { outcome, spare } = await this.#openedThread().ask(request, transferable(rows));
      if (spare.byteLength <= SPARE_BYTES_MAX) this.#spare = spare;
      this.#tell(outcome);
      if (outcome.type === "kept") return;
      throw outcome.type === "unknown" ? new CommitUnknownError(outcome.reason) : new Error(outcome.reason);
    } catch (thrown) {
      if (!(thrown instanceof ThreadEndedError)) throw thrown;
      on.notKept(thrown.message);
      throw new CommitUnknownError(thrown.message);
    }
  }

  /** A thread that has ended is for the next commit to replace. */
  readonly #check = oneAtATime(async () => {
    if (this.#waitingSince !== undefined || this.#thread?.alive !== true) return;
    const request = { type: "check", at: this.#options.clock.now() } as const;
    const outcome = await this.#thread.ask(request).catch(() => undefined);
    if (outcome !== undefined) this.#tell(outcome);
  });

  #tell(outcome: CommitOutcome): void {
    const { on } = this.#options;
    if (outcome.type === "kept") {
      on.kept(outcome.size);
      if (outcome.rewritten !== undefined) on.rewritten(outcome.rewritten);
    } else on.notKept(outcome.reason);
  }

  async #openThread(): Promise<void> {
    const { clock, on, folder, createFolder, folderMode, fsync, lockTimeoutMs, bytesMax, onCorruption } = this.#options;
    const { startThread = () => new StoreThread() } = this.#options;
    const thread = startThread();
    this.#thread = thread;
    const file = { folder, createFolder, folderMode, fsync, lockTimeoutMs, bytesMax, onCorruption, now: clock.now() };
    try {
      on.opened(await thread.ask({ type: "open", options: file }));
    } catch (thrown) {
      await thread.terminate();
      throw thrown;
    }
  }

  readonly #reopen = oneAtATime(() => this.#openThread());

  /** Rows that cannot be read are set aside. */
  async #decode<T>(
    thread: StoreThread,
    scope: ValueScope<T>,
    page: LoadedRows,
    found: (key: string, value: T) => void,
  ): Promise<void> {
    const bad = [...page.bad];
    eachDecoded(page.rows, scope.codec, found, (key, thrown) => {
      bad.push({ key, reason: thrown instanceof Error ? thrown.message : String(thrown) });
    });
    if (bad.length > 0) await this.#setAside(thread, named(scope), bad);
  }

  async #setAside(thread: StoreThread, scope: ScopeName, rows: readonly BadRow[]): Promise<void> {
    await thread.ask({ type: "set_aside", scope, rows, at: this.#options.clock.now() });
    this.#options.on.rowsSetAside(scope.name, rows);
  }

  #openedThread(): StoreThread {
    if (this.#state !== "open" || this.#thread === undefined) throw new Error(`the store is ${this.#state}, not open`);
    return this.#thread;
  }
}
