import type { Transaction } from "../../component/store.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";

/** A sum of present values. Nothing of it is stored: after a restart it is of what is reported again. */
export interface LevelSum {
  readonly series: Series;
  value: number;
  /** How many series have a value in it. */
  parts: number;
  /** The latest time that it was shown with: times of one series do not go back. */
  shownAt: number;
}

interface Part {
  readonly sum: LevelSum;
  readonly value: number;
}

/** Sums of levels, such as open connections and bytes that are uncertain. A series that is forgotten leaves its sum. */
export class LevelSums {
  readonly #table: SeriesTable;
  readonly #sums: Memo<LevelSum>;
  readonly #parts: Memo<Part>;
  readonly #unpins = new Map<LevelSum, () => void>();

  constructor(table: SeriesTable) {
    this.#table = table;
    this.#sums = table.memo();
    this.#parts = table.memo((_, part) => this.#replace(part, undefined));
  }

  dispose(): void {
    for (const unpin of this.#unpins.values()) unpin();
    this.#unpins.clear();
    this.#sums.dispose();
    this.#parts.dispose();
  }

  has(series: Series): boolean {
    return this.#sums.get(series) !== undefined;
  }

  /** Whether a series has a value in a sum. */
  hasPart(of: Series): boolean {
    return this.#parts.get(of) !== undefined;
  }

  /** Puts a series' value in the place of the one that the sum has of it; undefined: it has none any more. */
  set(of: Series, into: Series, value: number | undefined, transaction: Transaction): LevelSum {
    const before = this.#parts.get(of);
    const sum = this.#sum(into);
    const now = value === undefined ? undefined : { sum, value };
    this.#put(of, before, now);
    transaction.onRolledBack(() => this.#put(of, now, before));
    return sum;
  }

  #put(of: Series, from: Part | undefined, to: Part | undefined): void {
    this.#replace(from, to);
    if (to === undefined) this.#parts.delete(of);
    else this.#parts.set(of, to);
  }

  #replace(from: Part | undefined, to: Part | undefined): void {
    if (from !== undefined) {
      from.sum.value -= from.value;
      from.sum.parts--;
    }
    if (to !== undefined) {
      to.sum.value += to.value;
      if (to.sum.parts++ === 0) this.#unpins.set(to.sum, this.#table.pin(to.sum.series));
    }
    if (from !== undefined && from.sum.parts === 0) this.#release(from.sum);
  }

  #sum(series: Series): LevelSum {
    let sum = this.#sums.get(series);
    if (sum === undefined) {
      sum = { series, value: 0, parts: 0, shownAt: 0 };
      this.#sums.set(series, sum);
    }
    return sum;
  }

  /** Without a value its series may be forgotten. */
  #release(sum: LevelSum): void {
    sum.value = 0; // Where fractions were added, a rest may be left.
    this.#unpins.get(sum)?.();
    this.#unpins.delete(sum);
  }
}
