import {
  type Change,
  CommitUnknownError,
  type ScopeRename,
  type StoreBackend,
  type ValueScope,
} from "../../src/component/store.ts";
import { foundIn, namesIn, pageOf, renameIn, tableOf } from "../../src/kit/memory-store.ts";
import type { Random } from "../../src/lib/random.ts";
import { type Mortal, never } from "./agent/mortal.ts";
import { between, happens, type World } from "./world.ts";

/** What goes wrong with commits, as shares of all of them. */
export interface DiskHabits {
  /** Kept at once, without a promise. */
  readonly immediate: number;
  /** The longest of the usual times. */
  readonly delayMsMax: number;
  readonly fails: number;
  /** The outcome is not known. */
  readonly unknown: number;
  /** Longer than the agent waits. */
  readonly late: number;
  /** Whether state can go over to another name. */
  readonly renames: boolean;
}

type End = "kept" | "failed" | "unknown";

interface Write {
  readonly scope: string;
  readonly key: string;
  /** Undefined takes the row away. */
  readonly bytes: Uint8Array | undefined;
}

interface PendingCommit {
  readonly writes: readonly Write[];
  readonly isKept: boolean;
}

/**
 * The disk of the agent's machine: it outlives every process. Commits are written one after the other, each whole or not
 * at all. They may come late, fail, or end without anybody knowing how; one that is under way when its process is killed
 * was written or was not.
 */
export class Disk {
  /** Set while there is no room. */
  full = false;
  readonly #world: World;
  readonly #habits: DiskHabits;
  readonly #random: Random;
  readonly #scopes = new Map<string, Map<string, Uint8Array>>();
  #busyUntilMs = 0;
  #unknowns = 0;

  constructor(world: World, habits: DiskHabits) {
    this.#world = world;
    this.#habits = habits;
    this.#random = world.random("disk");
  }

  /**
   * Goes up with each commit of which the agent cannot know how it ended. Where it is the same before and after a
   * request, what was refused was not kept.
   */
  get unknowns(): number {
    return this.#unknowns;
  }

  /** The disk as one process has it. */
  backend(mortal: Mortal): StoreBackend {
    const pending = new Set<PendingCommit>();
    mortal.onDeath(() => {
      for (const { writes, isKept } of pending) {
        const isWritten = isKept && happens(this.#random, 0.5);
        if (isWritten) this.#keep(writes);
        this.#world.trace.note(`disk ${isWritten ? "kept" : "lost"} ${writes.length} rows in the kill`);
      }
      pending.clear();
      this.#busyUntilMs = 0;
    });
    return {
      durable: true,
      load: (scope) => this.#load(scope, mortal),
      page: async (scope, range) => pageOf(await this.#load(scope, mortal), range),
      find: async (scope, keys) => foundIn(await this.#load(scope, mortal), keys),
      count: async (scope) => (await this.#load(scope, mortal)).size,
      commit: (changes, signal) => (mortal.step() ? this.#commit(changes, signal, pending) : never()),
      scopes: this.#habits.renames
        ? {
            names: async () => {
              await this.#wait(between(this.#random, 0, 5));
              return mortal.alive ? namesIn(this.#scopes) : never();
            },
            rename: (renames) => this.#rename(renames, mortal, pending),
          }
        : undefined,
    };
  }

  async #load<T>(scope: ValueScope<T>, mortal: Mortal): Promise<ReadonlyMap<string, T>> {
    await this.#wait(between(this.#random, 0, 5));
    if (!mortal.alive) return never();
    const loaded = new Map<string, T>();
    for (const [key, bytes] of this.#scopes.get(tableOf(scope)) ?? []) loaded.set(key, scope.codec.decode(bytes));
    return loaded;
  }

  /** Behind the commits before it, and as a whole. */
  async #rename(renames: readonly ScopeRename[], mortal: Mortal, pending: ReadonlySet<PendingCommit>): Promise<void> {
    do await this.#wait(between(this.#random, 0, 5));
    while (pending.size > 0 && mortal.alive);
    if (!mortal.step()) return never();
    this.#world.trace.note(`disk renames ${renames.map(({ from, to }) => `${from} to ${to}`).join(", ")}`);
    renameIn(this.#scopes, renames);
    await this.#wait(between(this.#random, 0, 5));
    if (!mortal.alive) return never();
  }

  #commit(changes: readonly Change[], signal: AbortSignal, pending: Set<PendingCommit>): void | Promise<void> {
    const writes = changes.map(({ scope, key, value }): Write => {
      return { scope: tableOf(scope), key, bytes: value === undefined ? undefined : scope.codec.encode(value) };
    });
    const { end, ms } = this.#fate();
    if (end === "kept" && ms === 0 && pending.size === 0) {
      this.#world.trace.note(`disk kept ${writes.length} rows`);
      this.#keep(writes);
      return;
    }
    // The agent gives up before it says so, so what may be late counts as unknown from the start.
    const isLate = Math.max(0, this.#busyUntilMs - this.#world.clock.monotonic()) + ms > LATE_MS;
    if (end === "unknown" || isLate) this.#unknowns++;
    const isKept = end === "kept" || (end === "unknown" && happens(this.#random, 0.5));
    const written = this.#write({ writes, isKept }, end, ms, pending);
    return isLate ? this.#orGivenUp(written, signal) : written;
  }

  #fate(): { readonly end: End; readonly ms: number } {
    const { fails, unknown, late, immediate, delayMsMax } = this.#habits;
    const random = this.#random;
    const luck = random.float();
    const ms = 0.05 + random.float() ** 3 * delayMsMax;
    if (this.full) return { end: "failed", ms };
    if (this.#world.calm || luck > fails + unknown + late) {
      return { end: "kept", ms: happens(random, immediate) ? 0 : ms };
    }
    if (luck < fails) return { end: "failed", ms };
    if (luck < fails + unknown) return { end: "unknown", ms };
    const end = happens(random, 0.6) ? "kept" : happens(random, 0.5) ? "unknown" : "failed";
    return { end, ms: between(random, LATE_MS, 3 * LATE_MS) };
  }

  async #write(commit: PendingCommit, end: End, ms: number, pending: Set<PendingCommit>): Promise<void> {
    const { clock, trace } = this.#world;
    this.#busyUntilMs = Math.max(clock.monotonic(), this.#busyUntilMs) + ms;
    pending.add(commit);
    await this.#wait(this.#busyUntilMs - clock.monotonic());
    if (!pending.delete(commit)) return never(); // Its process was killed.
    const { writes, isKept } = commit;
    trace.note(`disk ${end} ${writes.length} rows${end === "unknown" && isKept ? ", in truth kept" : ""}`);
    if (isKept) this.#keep(writes);
    if (end === "failed") throw new Error("no space left on device");
    if (end === "unknown") throw new CommitUnknownError("input/output error");
  }

  /** Of a commit that was given up half of all stores say so at once, the others when it has ended. */
  #orGivenUp(written: Promise<void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      written.then(resolve, reject);
      signal.addEventListener("abort", () => {
        if (happens(this.#random, 0.5)) reject(new CommitUnknownError("given up"));
      });
    });
  }

  #keep(writes: readonly Write[]): void {
    for (const { scope, key, bytes } of writes) {
      const rows = this.#scopes.get(scope) ?? new Map<string, Uint8Array>();
      this.#scopes.set(scope, rows);
      if (bytes === undefined) rows.delete(key);
      else rows.set(key, bytes);
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.after(ms, resolve));
  }
}

/** A little less than the agent waits for a commit, so that some of these are in time. */
const LATE_MS = 2_800;
