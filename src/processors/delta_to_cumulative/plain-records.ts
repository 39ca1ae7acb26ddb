import type { Cell, Store, Transaction } from "../../component/store.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { plainCodec } from "./codecs.ts";
import { Identities } from "./identities.ts";
import type { PlainState } from "./plain-sums.ts";
import type { Outgoing, Staging } from "./staging.ts";
import type { StoredIdentity } from "./stored-identity.ts";

/** The total of one series that stands alone; pinned while it is kept. */
export interface PlainRecord extends Cell<PlainState | undefined> {
  /** What is reported, since the last restart. */
  series: Series | undefined;
  readonly exported: Series;
  unpin: () => void;
  /** When its last point came, by our clock. */
  usedAt: number;
}

/** All totals of series that stand alone. Without a source that could come back, they go when they are stale. */
export class PlainRecords {
  readonly #scope;
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, PlainRecord>();
  readonly #bySeries: Memo<PlainRecord>;

  constructor(store: Store, table: SeriesTable) {
    this.#scope = store.scope(plainCodec, "series");
    this.#identities = new Identities(store, table, "series");
    this.#table = table;
    this.#bySeries = table.memo<PlainRecord>();
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Whether it did not expire. */
  has(record: PlainRecord): boolean {
    return this.#byKey.get(record.key) === record;
  }

  async load(now: number, signal: AbortSignal): Promise<void> {
    const identities = await this.#identities.load(signal);
    for (const [key, state] of await this.#scope.load(signal)) {
      const identity = identities.get(key);
      if (identity !== undefined) this.#add(identity, state, now);
    }
  }

  find(series: Series): PlainRecord | undefined {
    const remembered = this.#bySeries.get(series);
    if (remembered !== undefined) return remembered;
    const record = this.#byKey.get(this.#identities.ofSeries(series, behaviourOf(series)).text);
    if (record !== undefined) this.#bind(record, series);
    return record;
  }

  create(series: Series, now: number, transaction: Transaction): PlainRecord {
    const identity = this.#identities.ofSeries(series, behaviourOf(series));
    const record = this.#add(identity, undefined, now);
    this.#bind(record, series);
    this.#identities.put(record.key, identity, transaction);
    transaction.onRolledBack(() => this.#remove(record));
    return record;
  }

  change(record: PlainRecord, state: PlainState, staging: Staging): void {
    staging.transaction.change(this.#scope, record, state);
  }

  show({ state, exported }: PlainRecord, time: number, { points }: Outgoing): void {
    if (state !== undefined) points.push({ series: exported, start: state.start, time, value: state.value });
  }

  all(): Iterable<PlainRecord> {
    return this.#byKey.values();
  }

  stale(before: number): PlainRecord[] {
    return [...this.#byKey.values()].filter(({ usedAt }) => usedAt <= before);
  }

  /** Forgets totals, in the store as well. A series that comes again begins a new one. */
  expire(records: readonly PlainRecord[], transaction: Transaction): void {
    for (const record of records) {
      this.#remove(record);
      transaction.delete(this.#scope, record.key);
      this.#identities.delete(record.key, transaction);
      transaction.onRolledBack(() => {
        record.unpin = this.#table.pin(record.exported);
        this.#byKey.set(record.key, record);
      });
    }
  }

  dispose(): void {
    for (const record of this.#byKey.values()) record.unpin();
    this.#byKey.clear();
    this.#bySeries.dispose();
  }

  #add(identity: StoredIdentity, state: PlainState | undefined, usedAt: number): PlainRecord {
    const exported = this.#identities.exported(identity)[0]!;
    const unpin = this.#table.pin(exported);
    const record: PlainRecord = { key: identity.text, state, series: undefined, exported, unpin, usedAt };
    this.#byKey.set(record.key, record);
    return record;
  }

  #bind(record: PlainRecord, series: Series): void {
    record.series = series;
    this.#bySeries.set(series, record);
  }

  #remove(record: PlainRecord): void {
    this.#byKey.delete(record.key);
    if (record.series !== undefined) this.#bySeries.delete(record.series);
    record.series = undefined;
    record.unpin();
  }
}

const behaviourOf = ({ metric }: Series) => (metric.temporality === "cumulative" ? "cumulative" : "by_mode");
