import type { Store, Transaction } from "../../component/store.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { plainCodec } from "./codecs.ts";
import { Identities } from "./identities.ts";
import { type PlainRecord, PlainRow, type RowTotals, stateOf, TotalInRow, totalNow } from "./plain-row.ts";
import type { PlainState } from "./plain-sums.ts";
import type { Outgoing, Staging } from "./staging.ts";
import type { StoredIdentity } from "./stored-identity.ts";

/** All totals of series that stand alone. Without a source that could come back, they go when they are stale. */
export class PlainRecords {
  readonly #scope;
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, PlainRecord>();
  readonly #bySeries: Memo<PlainRecord>;
  /** By the first of their series. */
  readonly #rows: Memo<PlainRow>;
  readonly #store: Store;

  constructor(store: Store, table: SeriesTable) {
    this.#store = store;
    this.#scope = store.scope(plainCodec, "series");
    this.#identities = new Identities(store, table, "series");
    this.#table = table;
    this.#bySeries = table.memo<PlainRecord>();
    this.#rows = table.memo<PlainRow>();
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

  /** The record of a series; a new one where there is none yet, and fewer than `recordsMax` are kept. */
  of(series: Series, recordsMax: number, { transaction, at }: Staging): PlainRecord | undefined {
    const remembered = this.#bySeries.get(series);
    if (remembered !== undefined) return remembered;
    const identity = this.#identities.ofSeries(series, behaviourOf(series));
    const known = this.#byKey.get(identity.text);
    if (known === undefined && this.size >= recordsMax) return undefined;
    const record = known ?? this.#create(identity, at, transaction);
    record.series = series;
    this.#bySeries.set(series, record);
    return record;
  }

  change(record: PlainRecord, state: PlainState, { transaction, at }: Staging): void {
    record.usedAt = at;
    transaction.change(this.#scope, record, state);
  }

  show(record: PlainRecord, time: number, { points }: Outgoing): void {
    const state = stateOf(record);
    if (state !== undefined) points.push({ series: record.exported, start: state.start, time, value: state.value });
  }

  /** The row of exactly these series. */
  row(series: readonly Series[]): PlainRow | undefined {
    const row = this.#rows.get(series[0]!);
    return row?.series === series ? row : undefined;
  }

  /** From now on the totals of these series are kept together, where that makes sense. */
  join(series: readonly Series[], { transaction, at }: Staging): void {
    const records: PlainRecord[] = [];
    for (const each of series) {
      const record = this.#bySeries.get(each);
      if (record === undefined || record.row !== undefined) return;
      records.push(record);
    }
    const row = PlainRow.of(series, records, at);
    if (row === undefined) return;
    for (let place = 0; place < records.length; place++) {
      const record = records[place]!;
      record.row = row;
      record.place = place;
      record.state = undefined;
      // What ends with the process keeps the row itself, so that nothing is to be put there each time.
      if (!this.#store.durable) transaction.put(this.#scope, record.key, new TotalInRow(row, place));
    }
    this.#rows.set(series[0]!, row);
    transaction.onRolledBack(() => {
      this.#take(row);
    });
  }

  /** Each record has its own total again. The row keeps them as they are: the store may know them by it. */
  part(row: PlainRow, transaction: Transaction): void {
    this.#take(row);
    transaction.onRolledBack(() => {
      for (const record of row.records) {
        record.row = row;
        record.state = undefined;
      }
      this.#rows.set(row.series[0]!, row);
    });
  }

  #take(row: PlainRow): void {
    for (const record of row.records) {
      record.state = totalNow(row, record.place);
      record.usedAt = row.usedAt;
      record.row = undefined;
    }
    this.#rows.delete(row.series[0]!);
  }

  changeRow(row: PlainRow, totals: RowTotals, { transaction, at }: Staging): void {
    const { totals: before, records } = row;
    row.totals = totals;
    row.usedAt = at;
    transaction.onRolledBack(() => {
      row.totals = before;
    });
    if (!this.#store.durable) return;
    for (const { key, place } of records) transaction.put(this.#scope, key, totalNow(row, place));
  }

  all(): Iterable<PlainRecord> {
    return this.#byKey.values();
  }

  stale(before: number): PlainRecord[] {
    return [...this.#byKey.values()].filter(({ usedAt, row }) => (row?.usedAt ?? usedAt) <= before);
  }

  /** Forgets totals, in the store as well. A series that comes again begins a new one. */
  expire(records: readonly PlainRecord[], transaction: Transaction): void {
    for (const record of records) {
      if (record.row !== undefined) this.part(record.row, transaction);
      this.#remove(record);
      transaction.delete(this.#scope, record.key);
      this.#identities.delete(record.key, transaction);
      transaction.onRolledBack(() => {
        this.#table.retain(record.exported);
        this.#byKey.set(record.key, record);
      });
    }
  }

  dispose(): void {
    for (const { exported } of this.#byKey.values()) this.#table.release(exported);
    this.#byKey.clear();
    this.#bySeries.dispose();
    this.#rows.dispose();
  }

  #add(identity: StoredIdentity, state: PlainState | undefined, usedAt: number): PlainRecord {
    const exported = this.#identities.exported(identity)[0]!;
    this.#table.retain(exported);
    const record: PlainRecord = {
      key: identity.text,
      state: state && nowOf(state),
      series: undefined,
      exported,
      usedAt,
      row: undefined,
      place: 0,
    };
    this.#byKey.set(record.key, record);
    return record;
  }

  #create(identity: StoredIdentity, now: number, transaction: Transaction): PlainRecord {
    const record = this.#add(identity, undefined, now);
    this.#identities.put(record.key, identity, transaction);
    transaction.onRolledBack(() => this.#remove(record));
    return record;
  }

  #remove(record: PlainRecord): void {
    this.#byKey.delete(record.key);
    if (record.series !== undefined) this.#bySeries.delete(record.series);
    record.series = undefined;
    this.#table.release(record.exported);
  }
}

/** What a store that ends with the process has kept may be a row's total as it is at any time. */
function nowOf({ value, start, time, last }: PlainState): PlainState {
  return { value, start, time, ...(last !== undefined && { last }) };
}

const behaviourOf = ({ metric }: Series) => (metric.temporality === "cumulative" ? "cumulative" : "by_mode");
