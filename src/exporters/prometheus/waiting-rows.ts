import type { Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { takeOver } from "./accumulate.ts";
import type { Drops } from "./drops.ts";
import type { Place, RowPlaces } from "./place.ts";

/**
 * Rows whose places are settled are not shown as they come: each waits until somebody looks, and most are replaced by
 * the next one before that. So to take a row costs the same however many series it has. What is shown in the end is what
 * would be if each had been shown at once: a row that the next one does not cover is shown before it, and so is what
 * waits for a place before anything else happens to that place.
 */
export class WaitingRows {
  readonly #drops: Drops;
  readonly #bySeries: Memo<RowPlaces>;
  readonly #waiting = new Set<RowPlaces>();

  constructor(table: SeriesTable, drops: Drops) {
    this.#drops = drops;
    this.#bySeries = table.memo();
  }

  /** False where the places of this row are not settled. */
  take(row: Row, nowMs: number): boolean {
    const settled = this.#bySeries.get(row.series[0]!);
    if (settled === undefined || settled.series !== row.series) return false;
    if (settled.row === undefined) this.#waiting.add(settled);
    else if (!covers(row, settled.row)) this.#show(settled);
    settled.row = row;
    settled.seenMs = nowMs;
    return true;
  }

  /** From now on rows of these series go to these places. */
  settle(series: readonly Series[], places: readonly Place[]): void {
    const settled: RowPlaces = { series, places, row: undefined, seenMs: 0 };
    for (const place of places) {
      this.release(place);
      place.rows = settled;
    }
    this.#bySeries.set(series[0]!, settled);
  }

  /** Something else is about to happen to a place: what waits for it is shown, and rows find it no longer. */
  release({ rows: settled }: Place): void {
    if (settled === undefined) return;
    this.#show(settled);
    this.#waiting.delete(settled);
    for (const place of settled.places) place.rows = undefined;
    if (this.#bySeries.get(settled.series[0]!) === settled) this.#bySeries.delete(settled.series[0]!);
  }

  /** Shows everything that waits. */
  showAll(): void {
    for (const settled of this.#waiting) this.#show(settled);
    this.#waiting.clear();
  }

  dispose(): void {
    this.#waiting.clear();
    this.#bySeries.dispose();
  }

  #show(settled: RowPlaces): void {
    const { row, places, seenMs } = settled;
    if (row === undefined) return;
    settled.row = undefined;
    const { series, start, time, values } = row;
    for (let index = 0; index < places.length; index++) {
      const value = values[index]!;
      if (Number.isNaN(value)) continue;
      const place = places[index]!;
      place.seenMs = seenMs;
      const reason = takeOver(place.sample, series[index]!.metric, { start, time, value });
      if (reason !== undefined) this.#drops.drop(reason, series[index]!);
    }
  }
}

/** Whether nothing of the earlier row could be seen once the later one was shown. */
function covers(later: Row, earlier: Row): boolean {
  if (later.time < earlier.time) return false;
  for (let index = 0; index < later.values.length; index++) {
    if (Number.isNaN(later.values[index]!) && !Number.isNaN(earlier.values[index]!)) return false;
  }
  return true;
}
