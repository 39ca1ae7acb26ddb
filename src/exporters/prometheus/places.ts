import type { LabelKey } from "../../kit/prometheus/label-index.ts";
import { NumberList } from "../../lib/number-list.ts";
import type { Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import type { FamilyPlaces } from "./family-places.ts";
import type { Contender, Place, RowPlaces } from "./place.ts";

/** What belongs to places, in columns: with an object for each, a hundred thousand took three times the memory. */
export class Places {
  readonly #homes: (FamilyPlaces | undefined)[] = [];
  readonly #positions = new NumberList(Uint32Array);
  readonly #owners: (Series | undefined)[] = [];
  readonly #seenMs = new NumberList(Float64Array);
  readonly #rows: (RowPlaces | undefined)[] = [];
  /** Of the few that have one. */
  readonly #contenders = new Map<Place, Contender>();
  readonly #free: Place[] = [];
  /** The place that a series owns, or contends for. */
  readonly #bySeries: Memo<Place>;

  /** `onEvict`: the table forgot a series that owns a place. */
  constructor(table: SeriesTable, onEvict: (place: Place) => void) {
    this.#bySeries = table.memo((series, place) => {
      if (this.#owners[place] === series) onEvict(place);
      else this.#contenders.delete(place);
    });
  }

  /** How many there are. */
  get size(): number {
    return this.#owners.length - this.#free.length;
  }

  /** Every place is a number below this one. */
  get end(): number {
    return this.#owners.length;
  }

  /** The place that a series owns, or contends for. */
  of(series: Series): Place | undefined {
    return this.#bySeries.get(series);
  }

  add(home: FamilyPlaces, labels: string, key: LabelKey, owner: Series): Place {
    const place = this.#free.pop() ?? this.#added();
    this.#homes[place] = home;
    this.#positions.numbers[place] = home.add(labels, key, place);
    this.#owners[place] = owner;
    this.#bySeries.set(owner, place);
    return place;
  }

  /** Takes a place out, of which no rows wait. */
  delete(place: Place): void {
    const position = this.position(place);
    const moved = this.home(place).delete(position);
    this.#positions.numbers[moved] = position;
    this.#bySeries.delete(this.owner(place));
    this.dropContender(place);
    this.#homes[place] = undefined;
    this.#owners[place] = undefined;
    this.#seenMs.numbers[place] = 0;
    this.#free.push(place);
  }

  /** False for the number of a place that was taken out. */
  has(place: Place): boolean {
    return this.#owners[place] !== undefined;
  }

  home(place: Place): FamilyPlaces {
    return this.#homes[place]!;
  }

  /** That of its sample in its family. */
  position(place: Place): number {
    return this.#positions.numbers[place]!;
  }

  /** The series that is shown. */
  owner(place: Place): Series {
    return this.#owners[place]!;
  }

  /** Another series is shown from now on. */
  handOver(place: Place, series: Series): void {
    this.#bySeries.delete(this.owner(place));
    this.dropContender(place);
    this.#owners[place] = series;
    this.#bySeries.set(series, place);
  }

  /** When the owner last brought a point, by a monotonic clock. */
  seenMs(place: Place): number {
    return this.#seenMs.numbers[place]!;
  }

  /** The owner brought a point: nobody contends for its place any more. */
  seen(place: Place, nowMs: number): void {
    this.dropContender(place);
    this.#seenMs.numbers[place] = nowMs;
  }

  /** Where rows of the owner wait to be shown, if they do. */
  rows(place: Place): RowPlaces | undefined {
    return this.#rows[place];
  }

  setRows(place: Place, rows: RowPlaces | undefined): void {
    this.#rows[place] = rows;
  }

  /** The last point of another series that would be shown here, since the owner's last. */
  contender(place: Place): Contender | undefined {
    return this.#contenders.get(place);
  }

  setContender(place: Place, contender: Contender): void {
    this.dropContender(place);
    this.#contenders.set(place, contender);
    this.#bySeries.set(contender.point.series, place);
  }

  dropContender(place: Place): void {
    if (this.#contenders.size === 0) return;
    const contender = this.#contenders.get(place);
    if (contender === undefined) return;
    this.#contenders.delete(place);
    this.#bySeries.delete(contender.point.series);
  }

  /** Lets go of the series table. */
  dispose(): void {
    this.#bySeries.dispose();
  }

  #added(): Place {
    const place = this.#owners.length;
    this.#homes.push(undefined);
    this.#positions.push(0);
    this.#owners.push(undefined);
    this.#seenMs.push(0);
    this.#rows.push(undefined);
    return place;
  }
}
