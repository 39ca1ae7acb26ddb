import type { Store, Transaction } from "../../component/store.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { Identities } from "./identities.ts";
import { PlainRecord, PlainRow, type RowTotals, totalOf } from "./plain-row.ts";
import { PlainStore } from "./plain-store.ts";
import type { PlainState } from "./plain-sums.ts";
import type { Outgoing, Staging } from "./staging.ts";

/** All totals of series that stand alone. Without a source that could come back, they go when they are stale. */
export class PlainRecords {
  readonly #identities;
  readonly #table: SeriesTable;
  /** By the series that they are exported as. What is reported both as deltas and whole has two totals, for one series. */
  readonly #ofDeltas = new Map<Series, PlainRecord>();
  readonly #ofWhole = new Map<Series, PlainRecord>();
  readonly #bySeries: Memo<PlainRecord>;
  readonly #store: PlainStore;
  #isDisposed = false;

  constructor(store: Store, table: SeriesTable) {
    this.#identities = new Identities(store, table, "series");
    this.#store = new PlainStore(store, this.#identities, [this.#ofDeltas, this.#ofWhole]);
    this.#table = table;
    this.#bySeries = table.memo<PlainRecord>();
  }

  get size(): number {
    return this.#ofDeltas.size + this.#ofWhole.size;
  }

  /** Whether it did not expire. */
  has(record: PlainRecord): boolean {
    return this.#mapOf(record).get(record.exported) === record;
  }

  async load(now: number, signal: AbortSignal): Promise<void> {
    const stored = await this.#store.load(signal);
    this.#identities.whileLoading(() => {
      for (const { identity, state, key } of stored) {
        this.#add(new PlainRecord(this.#identities.exported(identity)[0]!, identity.shape, state, now, key));
      }
    });
  }

  /** The record of a series; a new one where there is none yet, and fewer than `recordsMax` are kept. */
  of(series: Series, recordsMax: number, { transaction, at }: Staging): PlainRecord | undefined {
    const remembered = this.#bySeries.get(series);
    if (remembered !== undefined) return remembered;
    const { shape } = this.#identities.ofSeries(series, behaviourOf(series));
    const exported = this.#identities.findExported(series);
    let record = exported && this.#mapOf({ shape }).get(exported);
    if (record === undefined) {
      if (this.size >= recordsMax) return undefined;
      record = this.#create(new PlainRecord(this.#identities.exportedAs(series), shape, undefined, at), transaction);
    }
    record.series = series;
    this.#bySeries.set(series, record);
    return record;
  }

  change(record: PlainRecord, state: PlainState, { transaction, at }: Staging): void {
    record.usedAt = at;
    this.#store.change(record, state, transaction);
  }

  show(record: PlainRecord, time: number, { points }: Outgoing): void {
    const total = totalOf(record);
    if (total !== undefined) points.push({ series: record.exported, start: total.start, time, value: total.value });
  }

  /** The row of exactly these series. */
  row(series: readonly Series[]): PlainRow | undefined {
    const row = this.#bySeries.get(series[0]!)?.part?.row;
    return row?.series === series ? row : undefined;
  }

  /** From now on the totals of these series are kept together, where that makes sense. */
  join(series: readonly Series[], { transaction, at }: Staging): void {
    const records: PlainRecord[] = [];
    for (const each of series) {
      const record = this.#bySeries.get(each);
      if (record === undefined || record.part !== undefined) return;
      records.push(record);
    }
    const row = PlainRow.of(series, records, at);
    if (row === undefined) return;
    row.take();
    transaction.onRolledBack(() => row.giveBack());
  }

  /** Each record has its own total again. */
  part(row: PlainRow, transaction: Transaction): void {
    row.giveBack();
    transaction.onRolledBack(() => row.take());
  }

  changeRow(row: PlainRow, totals: RowTotals, { transaction, at }: Staging): void {
    const { totals: before } = row;
    row.totals = totals;
    row.usedAt = at;
    transaction.onRolledBack(() => {
      row.totals = before;
    });
    this.#store.changeRow(row, transaction);
  }

  *all(): Iterable<PlainRecord> {
    yield* this.#ofDeltas.values();
    yield* this.#ofWhole.values();
  }

  stale(before: number): PlainRecord[] {
    return [...this.all()].filter(({ usedAt, part }) => (part?.row.usedAt ?? usedAt) <= before);
  }

  /** Forgets totals, in the store as well. A series that comes again begins a new one. */
  expire(records: readonly PlainRecord[], transaction: Transaction): void {
    for (const record of records) {
      if (record.part !== undefined) this.part(record.part.row, transaction);
      this.#remove(record);
      this.#store.delete(record, transaction);
      transaction.onRolledBack(() => this.#add(record));
    }
  }

  /** Lets go of every series. The records stay what they are: a store that ends with the process has them. */
  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    for (const { exported } of this.all()) this.#table.release(exported);
    this.#bySeries.dispose();
  }

  #add(record: PlainRecord): void {
    this.#table.retain(record.exported);
    this.#mapOf(record).set(record.exported, record);
  }

  #create(record: PlainRecord, transaction: Transaction): PlainRecord {
    this.#add(record);
    this.#store.create(record, transaction);
    transaction.onRolledBack(() => this.#remove(record));
    return record;
  }

  #remove(record: PlainRecord): void {
    this.#mapOf(record).delete(record.exported);
    if (record.series !== undefined) this.#bySeries.delete(record.series);
    record.series = undefined;
    this.#table.release(record.exported);
  }

  #mapOf({ shape }: Pick<PlainRecord, "shape">): Map<Series, PlainRecord> {
    return shape.behaviours[0] === "cumulative" ? this.#ofWhole : this.#ofDeltas;
  }
}

const behaviourOf = ({ metric }: Series) => (metric.temporality === "cumulative" ? "cumulative" : "by_mode");
