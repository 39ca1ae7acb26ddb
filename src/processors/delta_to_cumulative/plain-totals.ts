import type { Store, Transaction } from "../../component/store.ts";
import { isHistogram, type Point, pointsOf, type Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import type { Config } from "./config.ts";
import { PlainRecords } from "./plain-records.ts";
import type { PlainRecord, PlainRow } from "./plain-row.ts";
import { afterCumulative, afterDelta } from "./plain-sums.ts";
import type { Show, Staging } from "./staging.ts";
import type { Counters } from "./telemetry.ts";

/** The totals of series that stand alone; everything that is no sum or histogram to be totalled passes unchanged. */
export class PlainTotals {
  readonly #config: Config;
  readonly #counters: Counters;
  readonly #records: PlainRecords;

  constructor(config: Config, counters: Counters, store: Store, table: SeriesTable) {
    this.#config = config;
    this.#counters = counters;
    this.#records = new PlainRecords(store, table);
  }

  get size(): number {
    return this.#records.size;
  }

  load(now: number, signal: AbortSignal): Promise<void> {
    return this.#records.load(now, signal);
  }

  /** What is stored, as functions that each add one point. */
  stored(): readonly Show[] {
    return [...this.#records.all()].map((record): Show => {
      return (at, outgoing) => {
        if (this.#records.has(record)) this.#records.show(record, at, outgoing);
      };
    });
  }

  dispose(): void {
    this.#records.dispose();
  }

  /** Rows of series that stand alone: each value is a point of its own, unless all of them are treated alike. */
  addRow(row: Row, staging: Staging): void {
    const { series } = row;
    let known = this.#records.row(series);
    const areDeltas = known !== undefined || series.every((each) => this.#treatmentOf(each, 0) === "delta");
    if (areDeltas && known === undefined) {
      // They came alone until now, if they came.
      this.#records.join(series, staging);
      known = this.#records.row(series);
    }
    if (known !== undefined && this.#addKnown(known, row, staging)) return;
    if (series.every((each) => this.#treatmentOf(each, 0) === "pass")) {
      staging.draft.addRow(row);
      return;
    }
    for (const point of pointsOf(row)) this.add(point, staging);
    if (areDeltas) this.#records.join(series, staging);
  }

  add(point: Point, staging: Staging): void {
    const treatment = point.extra?.noRecordedValue ? "pass" : this.#treatmentOf(point.series, point.value);
    if (treatment === "pass") {
      staging.draft.addPoint(point);
      return;
    }
    const record = this.#records.of(point.series, this.#config.max_streams, staging);
    if (record === undefined) {
      this.#counters.dropped.limit.value++;
      return;
    }
    if (record.part !== undefined) this.#records.part(record.part.row, staging.transaction);
    const initial = this.#config.initial_value === "drop" ? (point.value as number) : 0;
    const state =
      treatment === "delta" ? afterDelta(record.state, point) : afterCumulative(record.state, point, initial);
    if (typeof state === "string") {
      this.#counters.dropped[state].value++;
      return;
    }
    this.#records.change(record, state, staging);
    const { start, value } = state;
    staging.draft.addPoint({ series: record.exported, start, time: point.time, value });
    this.#counters.counted.value++;
  }

  /** False where its values have to be looked at one by one. */
  #addKnown(known: PlainRow, row: Row, staging: Staging): boolean {
    const totals = known.after(row);
    if (totals === undefined) return false;
    const { length } = row.series;
    if (typeof totals === "string") {
      this.#counters.dropped[totals].value += length;
      return true;
    }
    this.#records.changeRow(known, totals, staging);
    for (const its of known.rows()) staging.draft.addRow(its);
    this.#counters.counted.value += length;
    return true;
  }

  stale(before: number): readonly PlainRecord[] {
    return this.#records.stale(before);
  }

  expire(records: readonly PlainRecord[], transaction: Transaction): void {
    this.#records.expire(records, transaction);
  }

  /** Exponential histograms and summaries pass as they are. */
  #treatmentOf({ metric }: Series, value: Point["value"]): "pass" | "delta" | "cumulative" {
    if (metric.type !== "sum" && metric.type !== "histogram") return "pass";
    if (metric.temporality === "delta") return typeof value === "number" || isHistogram(value) ? "delta" : "pass";
    const isTotalled = this.#config.cumulative === "total" && metric.temporality === "cumulative" && metric.monotonic;
    return isTotalled && metric.type === "sum" && typeof value === "number" ? "cumulative" : "pass";
  }
}
