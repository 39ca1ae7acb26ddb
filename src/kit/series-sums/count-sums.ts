import { hash } from "node:crypto";
import type { Cell, StateScope, Store, Transaction } from "../../component/store.ts";
import { attributesKey } from "../../model/attributes.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { type Counted, countedCodec, grown, growth } from "./counted.ts";

/** A sum of counts. It keeps what was added for good, whatever becomes of the series that it was made of. */
export interface CountSum extends Cell<Counted | undefined> {
  readonly series: Series;
  /** The latest time that it was shown with: times of one series do not go back. */
  shownAt: number;
}

/** How much of a series is in a sum. */
interface Part extends Cell<Counted | undefined> {
  readonly sum: CountSum;
}

/**
 * Sums of counts, in the store: a sum, and beside it what of each series is in it already, so that a restart neither
 * forgets nor adds again. A row is found by what a series is, not by how the sum came to be: under another configuration
 * the sums are others, and those from before go on where it is turned back.
 */
export class CountSums {
  readonly #table: SeriesTable;
  readonly #partsMax: number;
  readonly #sumRows: StateScope<Counted>;
  readonly #partRows: StateScope<Counted>;
  /** What was stored and nobody asked for yet. */
  readonly #storedSums = new Map<string, Counted>();
  readonly #storedParts = new Map<string, Counted>();
  readonly #sums: Memo<CountSum>;
  /** By key too: a series that was forgotten and comes again is still in its sum. */
  readonly #parts = new Map<string, Part>();
  readonly #partOf: Memo<Part>;
  readonly #unpins = new Map<CountSum, () => void>();

  constructor(store: Store, table: SeriesTable, partsMax: number) {
    this.#table = table;
    this.#partsMax = partsMax;
    this.#sumRows = store.scope(countedCodec, "sums");
    this.#partRows = store.scope(countedCodec, "parts");
    this.#sums = table.memo();
    this.#partOf = table.memo();
  }

  async load(signal: AbortSignal): Promise<void> {
    for (const [key, state] of await this.#sumRows.load(signal)) this.#storedSums.set(key, state);
    for (const [key, state] of await this.#partRows.load(signal)) this.#storedParts.set(key, state);
  }

  dispose(): void {
    for (const unpin of this.#unpins.values()) unpin();
    this.#unpins.clear();
    this.#sums.dispose();
    this.#partOf.dispose();
  }

  /** Whether there is a sum under this identity. */
  has(series: Series): boolean {
    if (this.#sums.get(series) !== undefined) return true;
    return this.#storedSums.size > 0 && this.#storedSums.has(keyOf(series));
  }

  /** How much of the series is in the sum; undefined where nothing is. */
  counted(of: Series, into: Series): Counted | undefined {
    return this.#find(of, into)?.state;
  }

  /** Takes all of a series that is not in it yet into the sum; undefined where there is no room for one more. */
  add(of: Series, into: Series, now: Counted, transaction: Transaction): CountSum | "limit" | "out_of_order" {
    const part = this.#find(of, into) ?? this.#create(of, into, transaction);
    if (part === undefined) return "limit";
    const { sum, state } = part;
    const by = growth(now, state);
    if (by === "out_of_order") return by;
    transaction.change(this.#partRows, part, { ...now, time: Math.max(now.time, state?.time ?? 0) });
    if (sum.state === undefined || by !== 0) {
      transaction.change(this.#sumRows, sum, grown(sum.state, by, now));
    }
    return sum;
  }

  /** The series began anew, and nothing of its new life is in the sum, which keeps what it has. */
  forget(of: Series, into: Series, transaction: Transaction): void {
    const part = this.#find(of, into);
    if (part === undefined) return;
    this.#parts.delete(part.key);
    this.#partOf.delete(of);
    transaction.delete(this.#partRows, part.key);
    transaction.onRolledBack(() => {
      this.#parts.set(part.key, part);
    });
  }

  #find(of: Series, into: Series): Part | undefined {
    const remembered = this.#partOf.get(of);
    if (remembered?.sum.series === into) return remembered;
    if (this.#parts.size + this.#storedParts.size === 0) return undefined;
    const key = partKey(of, into);
    let part = this.#parts.get(key);
    const stored = this.#storedParts.get(key);
    if (part === undefined && stored !== undefined) {
      part = { key, sum: this.#sum(into), state: stored };
      this.#storedParts.delete(key);
      this.#parts.set(key, part);
    }
    if (part !== undefined) this.#partOf.set(of, part);
    return part;
  }

  #create(of: Series, into: Series, transaction: Transaction): Part | undefined {
    if (this.#parts.size + this.#storedParts.size >= this.#partsMax) return undefined;
    const part: Part = { key: partKey(of, into), sum: this.#sum(into), state: undefined };
    this.#parts.set(part.key, part);
    this.#partOf.set(of, part);
    transaction.onRolledBack(() => {
      this.#parts.delete(part.key);
      this.#partOf.delete(of);
    });
    return part;
  }

  /** A sum that was never kept has no state, so that it was made needs not be taken back. */
  #sum(series: Series): CountSum {
    let sum = this.#sums.get(series);
    if (sum === undefined) {
      const key = keyOf(series);
      const state = this.#storedSums.get(key);
      sum = { key, series, state, shownAt: state?.time ?? 0 };
      this.#storedSums.delete(key);
      this.#sums.set(series, sum);
      this.#unpins.set(sum, this.#table.pin(series));
    }
    return sum;
  }
}

/** What names a series in the store: whatever tells it from others, but for the description. */
function keyOf({ resource, scope, metric, attributes }: Series): string {
  const { name, unit, type, monotonic, temporality, number } = metric;
  const parts = [
    attributesKey(resource.attributes),
    scope.name,
    scope.version,
    attributesKey(scope.attributes),
    name,
    unit,
    type,
    monotonic,
    temporality,
    number,
    attributesKey(attributes),
  ];
  return hash("sha256", JSON.stringify(parts), "base64url").slice(0, 22);
}

const partKey = (of: Series, into: Series) => `${keyOf(into)}${keyOf(of)}`;
