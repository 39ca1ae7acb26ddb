import type { Change } from "../component/store.ts";

/** What a delivery staged: something to keep, something to take back when it fails, something to show when it is kept. */
export type Entry = StagedChange | { readonly type: "undo" | "effect"; readonly run: () => void };

/** With what the cell held before, where there is one. */
export interface StagedChange extends Change {
  readonly type: "change";
  readonly before: unknown;
}

/**
 * Everything that is staged and not yet decided on, over all deliveries, in the order of its staging. Positions count
 * from the beginning of the process: what is kept leaves at the front, what is taken back leaves at the end.
 */
export class StagingLog {
  #begin = 0;
  #entries: Entry[] = [];

  /** The position of the oldest entry. */
  get begin(): number {
    return this.#begin;
  }

  /** The position that the next entry will have. */
  get end(): number {
    return this.#begin + this.#entries.length;
  }

  get size(): number {
    return this.#entries.length;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Takes out the entries before `position`, oldest first. */
  takeBefore(position: number): readonly Entry[] {
    const taken = position === this.end ? this.#entries : this.#entries.slice(0, position - this.#begin);
    this.#entries = position === this.end ? [] : this.#entries.slice(position - this.#begin);
    this.#begin = position;
    return taken;
  }

  /** Takes out the entries from `position` on, oldest first. */
  takeFrom(position: number): readonly Entry[] {
    return this.#entries.splice(position - this.#begin);
  }
}
