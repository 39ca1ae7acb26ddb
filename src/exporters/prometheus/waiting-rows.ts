import { NumberList } from "../../lib/number-list.ts";
import type { Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
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
  /** The number of each settled list. */
  readonly #settled = new Map<readonly Series[], number>();
  /** The same by the stream that the list was made for: of several lists, the one that was settled last. */
  readonly #byStream: Memo<number>;
  readonly #numbered: (RowPlaces | undefined)[] = [];
  // What is looked at for each row, by number. Columns, since those of neighbours come from memory together.
  readonly #series: (readonly Series[] | undefined)[] = [];
  readonly #rows: (Row | undefined)[] = [];
  readonly #seenMs = new NumberList(Float64Array);
  /** The latest time of anything that was shown at the places of each, or waits. */
  readonly #latestMs = new NumberList(Float64Array);
  readonly #free: number[] = [];
  /** The numbers of those that wait, in the order in which they began to. */
  readonly #waiting = new Set<number>();

  constructor(places: Places, drops: Drops, table: SeriesTable) {
    this.#places = places;
    this.#drops = drops;
    this.#byStream = table.memo();
  }

  /** False where the places of this row are not settled. */
  take(row: Row, nowMs: number): boolean {
    const number = this.#numberOf(row);
    if (number === undefined) return false;
    const latestMs = this.#latestMs.numbers;
    const waits = this.#rows[number];
    const isLate = row.time <= latestMs[number]!;
    if (waits === undefined) this.#waiting.add(number);
    else if (isLate || !covers(row, waits)) this.#show(number);
    this.#rows[number] = row;
    this.#seenMs.numbers[number] = nowMs;
    if (isLate) this.#show(number);
    else latestMs[number] = row.time;
    return true;
  }

  /** From now on rows of this one's series go to these places. */
  settle({ series, stream }: Row, settledAt: readonly Place[]): void {
    let latestMs = 0;
    for (const place of settledAt) {
      this.release(place);
      latestMs = Math.max(latestMs, this.#places.home(place).family.timeMs(this.#places.position(place)));
    }
    const places = series.length < LONG_ROW ? settledAt : Uint32Array.from(settledAt);
    const number = this.#free.pop() ?? this.#added();
    const settled: RowPlaces = { series, stream, places, number };
    for (const place of settledAt) this.#places.setRows(place, settled);
    this.#settled.set(series, number);
    if (stream !== undefined) this.#byStream.set(stream.series[0]!, number);
    this.#numbered[number] = settled;
    this.#series[number] = series;
    this.#latestMs.numbers[number] = latestMs;
  }

  /** Something else is about to happen to a place: what waits for it is shown, and rows find it no longer. */
  release(place: Place): void {
    const settled = this.#places.rows(place);
    if (settled === undefined) return;
    const { series, stream, places, number } = settled;
    this.#show(number);
    this.#waiting.delete(number);
    for (let index = 0; index < places.length; index++) this.#places.setRows(places[index]!, undefined);
    this.#settled.delete(series);
    if (stream !== undefined && this.#byStream.get(stream) === number) this.#byStream.delete(stream.series[0]!);
    this.#numbered[number] = undefined;
    this.#series[number] = undefined;
    this.#free.push(number);
  }

  /** Shows everything that waits. */
  showAll(): void {
    for (const number of this.#waiting) this.#show(number);
    this.#waiting.clear();
  }

  /** Lets go of the series table. */
  dispose(): void {
    this.#byStream.dispose();
  }

  #numberOf({ series, stream }: Row): number | undefined {
    const number = stream && this.#byStream.get(stream);
    return number !== undefined && this.#series[number] === series ? number : this.#settled.get(series);
  }

  #added(): number {
    this.#numbered.push(undefined);
    this.#series.push(undefined);
    this.#rows.push(undefined);
    this.#seenMs.push(0);
    this.#latestMs.push(0);
    return this.#rows.length - 1;
  }

  #show(number: number): void {
    const row = this.#rows[number];
    if (row === undefined) return;
    this.#rows[number] = undefined;
    const { places } = this.#numbered[number]!;
    const seenMs = this.#seenMs.numbers[number]!;
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
