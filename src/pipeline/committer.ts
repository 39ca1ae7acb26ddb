import type { Log } from "../component/log.ts";
import type { Counter, Meter } from "../component/meter.ts";
import { type Change, CommitUnknownError, type StoreBackend } from "../component/store.ts";
import type { Clock } from "../lib/clock.ts";
import { COMMITS } from "./metrics.ts";
import type { Entry } from "./staging-log.ts";

/**
 * How a commit ended. `kept` brings everything that may be shown now, in the order of its staging. `late`: the store has
 * not answered in time; the commit counts as unknown, and nothing else is committed before the store has said something.
 */
export type CommitResult =
  | { readonly type: "kept"; readonly effects: readonly (() => void)[] }
  | { readonly type: "failed"; readonly cause: unknown }
  | { readonly type: "unknown" | "late" };

export interface CommitterOptions {
  readonly backend: Pick<StoreBackend, "commit" | "gather">;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly timeoutMs: number;
  /** The store has answered a late commit: with these effects where it was kept after all. */
  readonly onAnsweredLate: (effects: readonly (() => void)[]) => void;
}

/** How long a commit may take for the wait of those in it and behind it to stay well below its timeout. */
const COMMIT_MS_WANTED = 1_000;
/** Fewer entries say nothing about the store's speed, and as many may always wait. */
const ENTRIES_TO_MEASURE = 10_000;

/**
 * Brings staged entries to the store, one commit at a time.
 *
 * What a commit with an unknown outcome was to keep may be on disk, so it stays in the components' memory, and later
 * deliveries build on it. Therefore its changes are carried: committed again, with whatever comes next, until they are
 * known to be kept; and its effects are run then.
 */
export class Committer {
  readonly #backend: Pick<StoreBackend, "commit" | "gather">;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timeoutMs: number;
  readonly #onAnsweredLate: (effects: readonly (() => void)[]) => void;
  readonly #kept: Counter;
  readonly #failed: Counter;
  readonly #unknown: Counter;
  #entriesWanted = Number.POSITIVE_INFINITY;
  #state: "idle" | "committing" | "late" = "idle";
  /** What hears that the store has gathered; undefined where it was not asked to. */
  #gathered: (() => void) | undefined;
  #carriedChanges = new Map<string, Change>();
  #carriedEffects: (() => void)[] = [];
  #giveUp = new AbortController();

  constructor({ backend, clock, log, meter, timeoutMs, onAnsweredLate }: CommitterOptions) {
    this.#backend = backend;
    this.#clock = clock;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
    this.#onAnsweredLate = onAnsweredLate;
    this.#kept = meter.counter(COMMITS, { outcome: "kept" });
    this.#failed = meter.counter(COMMITS, { outcome: "failed" });
    this.#unknown = meter.counter(COMMITS, { outcome: "unknown" });
  }

  get state(): "idle" | "committing" | "late" {
    return this.#state;
  }

  /** How many entries the store keeps in good time, by the last large commit. */
  get entriesWanted(): number {
    return this.#entriesWanted;
  }

  /** Whether the store may lack something that was not taken back. */
  get unsure(): boolean {
    return this.#state !== "idle" || this.#carriedChanges.size > 0;
  }

  /** Calls back when something may be committed: once the store has gathered, where it does that. Not where none may begin. */
  whenReady(ready: () => void): void {
    if (this.#state !== "idle" || this.#gathered !== undefined) return;
    if (this.#backend.gather === undefined) {
      ready();
      return;
    }
    this.#gathered = ready;
    this.#backend.gather(this.#endGathering);
  }

  readonly #endGathering = (): void => {
    const ready = this.#gathered!;
    this.#gathered = undefined;
    ready();
  };

  /** Calls `ended` once: before it returns where the store does not wait. Only while `state` is `idle`. */
  commit(entries: readonly Entry[], ended: (result: CommitResult) => void): void {
    const changes = this.#carriedChanges.size === 0 ? [] : [...this.#carriedChanges.values()];
    for (const entry of entries) if (entry.type === "change") changes.push(entry);
    if (changes.length === 0) {
      ended(this.#keep(entries));
      return;
    }
    let committing: void | Promise<void>;
    try {
      committing = this.#backend.commit(changes, this.#giveUp.signal);
    } catch (thrown) {
      ended(this.#refused(entries, thrown));
      return;
    }
    if (committing !== undefined) {
      this.#wait(committing, entries, ended);
      return;
    }
    this.#kept.value++;
    ended(this.#keep(entries));
  }

  #wait(committing: Promise<void>, entries: readonly Entry[], ended: (result: CommitResult) => void): void {
    this.#state = "committing";
    const beganAt = this.#clock.monotonic();
    const cancelTimer = this.#clock.after(this.#timeoutMs, () => {
      this.#state = "late";
      this.#carry(entries);
      ended({ type: "late" });
      this.#giveUp.abort(new Error(`a commit took longer than ${this.#timeoutMs} ms`));
      this.#giveUp = new AbortController();
    });
    const settle = (failure: { readonly thrown: unknown } | undefined) => {
      cancelTimer();
      this.#measure(entries.length, this.#clock.monotonic() - beganAt);
      const wasLate = this.#state === "late";
      this.#state = "idle";
      if (failure === undefined) this.#kept.value++;
      if (!wasLate) {
        ended(failure === undefined ? this.#keep(entries) : this.#refused(entries, failure.thrown));
      } else this.#onAnsweredLate(failure === undefined ? this.#keep([]).effects : []);
    };
    committing.then(
      () => settle(undefined),
      (thrown: unknown) => settle({ thrown }),
    );
  }

  #measure(entries: number, tookMs: number): void {
    if (entries < ENTRIES_TO_MEASURE) return;
    this.#entriesWanted = Math.max(ENTRIES_TO_MEASURE, (entries * COMMIT_MS_WANTED) / Math.max(1, tookMs));
  }

  #keep(entries: readonly Entry[]): Extract<CommitResult, { type: "kept" }> {
    const effects = this.#carriedEffects;
    for (const entry of entries) if (entry.type === "effect") effects.push(entry.run);
    this.#carriedEffects = [];
    // Nearly always empty, and clearing makes a new table even then.
    if (this.#carriedChanges.size > 0) this.#carriedChanges.clear();
    return { type: "kept", effects };
  }

  #refused(entries: readonly Entry[], thrown: unknown): CommitResult {
    if (thrown instanceof CommitUnknownError) {
      this.#carry(entries);
      return { type: "unknown" };
    }
    this.#failed.value++;
    this.#log.limited("store_failed").error("the store could not keep a commit", { error: thrown });
    return { type: "failed", cause: thrown };
  }

  #carry(entries: readonly Entry[]): void {
    this.#unknown.value++;
    this.#log.limited("store_unknown").error("the store did not say whether it kept a commit");
    for (const entry of entries) {
      if (entry.type === "effect") this.#carriedEffects.push(entry.run);
      // Only the newest change of a key matters, so what is carried is bounded by the state itself.
      if (entry.type === "change") this.#carriedChanges.set(rowName(entry), entry);
    }
  }
}

/** The same for all changes of one row. */
function rowName({ scope: { name, archived }, key }: Change): string {
  return JSON.stringify([name, archived === true, key]);
}
