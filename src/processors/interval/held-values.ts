import type { Delivery } from "../../component/delivery.ts";
import type { Codec, StateScope, Store } from "../../component/store.ts";
import { batchCodecs } from "../../model/otlp/batch-codecs.ts";
import { isRow, type MetricsBatch, type Point, type Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";

/** Keys sort as text in the order of their numbers. */
const KEY_LENGTH = 10;
const VERSION = 1;

type Value = Row | Point;

interface Held {
  readonly key: string;
  readonly value: Value;
  readonly unpin: () => void;
}

/**
 * The newest values, each a row of the store as long as it waits: what was taken is not lost with the process. A value
 * that takes the place of another has its row.
 */
export class HeldValues {
  readonly #table: SeriesTable;
  readonly #codecs;
  readonly #rows: StateScope<MetricsBatch>;
  /** By the series, or the first of a row's. */
  readonly #bySeries = new Map<Series, Held>();
  /** What the former process left, and what was to go and came back after something newer; goes first. */
  #earlier: { readonly key: string; readonly batch: MetricsBatch }[] = [];
  #lastNumber = 0;

  constructor(store: Store, table: SeriesTable) {
    this.#table = table;
    this.#codecs = batchCodecs(table);
    this.#rows = store.scope(rowCodec(this.#codecs.metrics));
  }

  get size(): number {
    return this.#bySeries.size + this.#earlier.length;
  }

  async load(signal: AbortSignal): Promise<void> {
    for (const [key, batch] of await this.#rows.load(signal)) {
      this.#earlier.push({ key, batch });
      this.#lastNumber = Math.max(this.#lastNumber, Number.parseInt(key, 36));
    }
    this.#earlier.sort((one, other) => (one.key < other.key ? -1 : 1));
  }

  dispose(): void {
    for (const { unpin } of this.#bySeries.values()) unpin();
    this.#bySeries.clear();
    this.#codecs.dispose();
  }

  get(series: Series): Value | undefined {
    return this.#bySeries.get(series)?.value;
  }

  /** Puts a value in the place of the one that waits under this series; undefined takes that away. */
  set(series: Series, value: Value | undefined, delivery: Delivery): void {
    const { transaction } = delivery;
    const before = this.#bySeries.get(series);
    if (value === undefined) {
      if (before === undefined) return;
      this.#bySeries.delete(series);
      transaction.delete(this.#rows, before.key);
      transaction.onRolledBack(() => this.#bySeries.set(series, before));
      delivery.onCommitted(before.unpin);
      return;
    }
    const key = before?.key ?? this.#newKey();
    const unpin = before?.unpin ?? this.#table.pin(...(isRow(value) ? value.series : [series]));
    this.#bySeries.set(series, { key, value, unpin });
    transaction.put(this.#rows, key, batchOf([value]));
    transaction.onRolledBack(() => {
      if (before !== undefined) this.#bySeries.set(series, before);
      else {
        this.#bySeries.delete(series);
        unpin();
      }
    });
  }

  /** Takes so many values away, the oldest first; they come back where the delivery fails. */
  take(valuesMax: number, delivery: Delivery): MetricsBatch {
    const { transaction } = delivery;
    const earlier = this.#earlier.splice(0, valuesMax);
    for (const { key } of earlier) transaction.delete(this.#rows, key);
    const taken: [Series, Held][] = [];
    for (const [series, held] of this.#bySeries) {
      if (taken.length + earlier.length === valuesMax) break;
      taken.push([series, held]);
      this.#bySeries.delete(series);
      transaction.delete(this.#rows, held.key);
    }
    transaction.onRolledBack(() => {
      this.#earlier.unshift(...earlier);
      for (const [series, held] of taken) {
        if (!this.#bySeries.has(series)) this.#bySeries.set(series, held);
        else {
          this.#earlier.push({ key: held.key, batch: batchOf([held.value]) });
          held.unpin();
        }
      }
    });
    delivery.onCommitted(() => {
      for (const [, { unpin }] of taken) unpin();
    });
    const now = batchOf(taken.map(([, { value }]) => value));
    return {
      rows: [...earlier.flatMap(({ batch }) => batch.rows), ...now.rows],
      points: [...earlier.flatMap(({ batch }) => batch.points), ...now.points],
    };
  }

  #newKey(): string {
    return (++this.#lastNumber).toString(36).padStart(KEY_LENGTH, "0");
  }
}

function batchOf(values: readonly Value[]): MetricsBatch {
  const rows: Row[] = [];
  const points: Point[] = [];
  for (const value of values) {
    if (isRow(value)) rows.push(value);
    else points.push(value);
  }
  return { rows, points };
}

/** Row: a byte for the version, then the value, or the values of a row, as OTLP's protobuf. */
function rowCodec(codec: Codec<MetricsBatch>): Codec<MetricsBatch> {
  return {
    encode(batch) {
      const bytes = codec.encode(batch);
      const row = new Uint8Array(1 + bytes.length);
      row[0] = VERSION;
      row.set(bytes, 1);
      return row;
    },
    decode(row) {
      if (row[0] !== VERSION) throw new Error(`held values of version ${row[0]}`);
      return codec.decode(row.slice(1));
    },
  };
}
