import type { Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import { takeOver } from "./accumulate.ts";
import type { Drops } from "./drops.ts";
import type { Place, RowPlaces } from "./place.ts";
import type { Places } from "./places.ts";

/** So many places and more stand in an array of numbers of four bytes, which itself takes more than another does. */
const LONG_ROW = 64;

/**
 * Rows whose places are settled are not shown as they come: each waits until somebody looks, and most are replaced by
 * the next one before that. So to take a row costs the same however many series it has. What is shown in the end is what
 * would be if each had been shown at once: what waits is shown before a row that does not replace all of it, or that is
 * not newer than what was seen there already, and before anything else happens to its places.
 */
export class WaitingRows {
  readonly #places: Places;
  readonly #drops: Drops;
  readonly #settled = new Map<readonly Series[], RowPlaces>();
  readonly #waiting = new Set<RowPlaces>();

  constructor(places: Places, drops: Drops) {
    this.#places = places;
    this.#drops = drops;
  }

  /** False where the places of this row are not settled. */
  take(row: Row, nowMs: number): boolean {
    const settled = this.#settled.get(row.series);
    if (settled === undefined) return false;
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
  settle(series: readonly Series[], settledAt: readonly Place[]): void {
    let latestMs = 0;
    for (const place of settledAt) {
      this.release(place);
      latestMs = Math.max(latestMs, this.#places.home(place).family.timeMs(this.#places.position(place)));
    }
    const places = series.length < LONG_ROW ? settledAt : Uint32Array.from(settledAt);
    const settled: RowPlaces = { series, places, row: undefined, seenMs: 0, latestMs };
    for (const place of settledAt) this.#places.setRows(place, settled);
    this.#settled.set(series, settled);
  }

  /** Something else is about to happen to a place: what waits for it is shown, and rows find it no longer. */
  release(place: Place): void {
    const settled = this.#places.rows(place);
    if (settled === undefined) return;
    this.#show(settled);
    this.#waiting.delete(settled);
    for (let index = 0; index < settled.places.length; index++) {
      this.#places.setRows(settled.places[index]!, undefined);
    }
    this.#settled.delete(settled.series);
  }

  /** Shows everything that waits. */
  showAll(): void {
    for (const settled of this.#waiting) this.#show(settled);
    this.#waiting.clear();
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
      this.#places.seen(place, seenMs);
      const { family } = this.#places.home(place);
      const reason = takeOver(family, this.#places.position(place), series[index]!.metric, { start, time, value });
      if (reason !== undefined) this.#drops.drop(reason, series[index]!);
    }
  }
}

/**
 * Whether nothing of the earlier values could be seen once the later ones were shown. The earlier ones were looked at last
 * when they came, so they are fetched only where the later ones lack a value.
 */
function covers({ values: later }: Row, earlier: Row): boolean {
  for (let index = 0; index < later.length; index++) {
    if (Number.isNaN(later[index]!) && !Number.isNaN(earlier.values[index]!)) return false;
  }
  return true;
}
