import type { Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { takeOver } from "./accumulate.ts";
import type { Drops } from "./drops.ts";
import type { Place, RowPlaces } from "./place.ts";

/**
 * Rows whose places are settled are not shown as they come: each waits until somebody looks, and most are replaced by
 * the next one before that. So to take a row costs the same however many series it has. What is shown in the end is what
 * would be if each had been shown at once: what waits is shown before a row that does not replace all of it, or that is
 * not newer than what was seen there already, and before anything else happens to its places.
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
    const isLate = row.time <= settled.latestMs;
    if (settled.row === undefined) this.#waiting.add(settled);
    else if (isLate || !covers(row, settled.row)) this.#show(settled);
    settled.row = row;
    settled.seenMs = nowMs;
    if (isLate) this.#show(settled);
    else settled.latestMs = row.time;
    return true;
  }

  /** From now on rows of these series go to these places. */
  settle(series: readonly Series[], places: readonly Place[]): void {
    for (const place of places) this.release(place);
    const latestMs = places.reduce((latest, { sample }) => Math.max(latest, sample.timeMs), 0);
    const settled: RowPlaces = { series, places, row: undefined, seenMs: 0, latestMs };
    for (const place of places) place.rows = settled;
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
      place.contender = undefined;
      place.seenMs = seenMs;
      const reason = takeOver(place.sample, series[index]!.metric, { start, time, value });
      if (reason !== undefined) this.#drops.drop(reason, series[index]!);
    }
  }
}

/** Whether nothing of the earlier values could be seen once the later ones were shown. */
function covers({ values: later }: Row, { values: earlier }: Row): boolean {
  for (let index = 0; index < later.length; index++) {
    if (Number.isNaN(later[index]!) && !Number.isNaN(earlier[index]!)) return false;
  }
  return true;
}
