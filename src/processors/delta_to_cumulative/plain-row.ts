import type { Cell } from "../../component/store.ts";
import { Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { PlainError, PlainState } from "./plain-sums.ts";

/** The total of one series that stands alone; pinned while it is kept. */
export interface PlainRecord extends Cell<PlainState | undefined> {
  /** What is reported, since the last restart. */
  series: Series | undefined;
  readonly exported: Series;
  /** When its last point came, by our clock. */
  usedAt: number;
  /** Where it is reported in a row its total is kept there, and not in `state`. */
  row: PlainRow | undefined;
  /** Where it stands in that row. */
  place: number;
}

/** The total of a record, wherever it is kept. */
export function stateOf({ state, row, place }: PlainRecord): PlainState | undefined {
  return row === undefined ? state : new TotalInRow(row, place);
}

/** The totals of a row at one time. Immutable: each row that comes makes new ones. */
export interface RowTotals {
  readonly time: number;
  /** By part. */
  readonly values: readonly (readonly number[])[];
}

/** Those of a row whose totals began at one time: what leaves as one row. */
interface Part {
  readonly start: number;
  readonly exported: readonly Series[];
  /** Where they stand in the row. */
  readonly places: readonly number[];
}

/** Fewer totals that began at one time are as well kept alone. */
const PART_SIZE_MIN = 4;

/**
 * Series that stand alone and are told of together each time: the totals of their deltas. So a row of a thousand costs a
 * thousand additions, and not a thousand states.
 */
export class PlainRow {
  /** As they are reported. */
  readonly series: readonly Series[];
  readonly records: readonly PlainRecord[];
  totals: RowTotals;
  /** When the last row came, by our clock. */
  usedAt: number;
  readonly #parts: readonly Part[];
  /** By place: its part, and where it stands there. */
  readonly #partOf: Uint16Array;
  readonly #indexOf: Uint32Array;

  /** Undefined where they are no sums, or their totals have little in common. */
  static of(series: readonly Series[], records: readonly PlainRecord[], usedAt: number): PlainRow | undefined {
    const byStart = new Map<number, number[]>();
    const time = records[0]!.state?.time;
    for (let place = 0; place < records.length; place++) {
      const { state } = records[place]!;
      if (state === undefined || typeof state.value !== "number" || state.time !== time) return undefined;
      const places = byStart.get(state.start);
      if (places === undefined) byStart.set(state.start, [place]);
      else places.push(place);
    }
    const hasLargeParts = byStart.size * PART_SIZE_MIN <= records.length && byStart.size <= 0xffff;
    return hasLargeParts ? new PlainRow(series, records, byStart, usedAt) : undefined;
  }

  private constructor(
    series: readonly Series[],
    records: readonly PlainRecord[],
    byStart: ReadonlyMap<number, readonly number[]>,
    usedAt: number,
  ) {
    this.series = series;
    this.records = records;
    this.usedAt = usedAt;
    this.#parts = Array.from(byStart, ([start, places]) => ({
      start,
      exported: places.map((place) => records[place]!.exported),
      places,
    }));
    this.#partOf = new Uint16Array(records.length);
    this.#indexOf = new Uint32Array(records.length);
    const values = this.#parts.map(({ places }, part) =>
      places.map((place, index) => {
        this.#partOf[place] = part;
        this.#indexOf[place] = index;
        return records[place]!.state!.value as number;
      }),
    );
    this.totals = { time: records[0]!.state!.time, values };
  }

  startOf(place: number): number {
    return this.#parts[this.#partOf[place]!]!.start;
  }

  valueOf(place: number): number {
    return this.totals.values[this.#partOf[place]!]![this.#indexOf[place]!]!;
  }

  /** The totals after deltas; why they are dropped; or undefined where they are not all to be treated alike. */
  after({ start, time, values }: Row): RowTotals | PlainError | undefined {
    if (start !== 0 && this.#parts.some((part) => start < part.start)) return undefined;
    if (time <= this.totals.time) return "delta.ErrOutOfOrder";
    const sums: number[][] = [];
    for (let part = 0; part < this.#parts.length; part++) {
      const { places } = this.#parts[part]!;
      const before = this.totals.values[part]!;
      const its = new Array<number>(places.length);
      for (let index = 0; index < places.length; index++) {
        const delta = values[places[index]!]!;
        if (Number.isNaN(delta)) return undefined;
        its[index] = before[index]! + delta;
      }
      sums.push(its);
    }
    return { time, values: sums };
  }

  /** What is shown of the totals. */
  *rows(): Iterable<Row> {
    const { time, values } = this.totals;
    for (const [part, { start, exported }] of this.#parts.entries()) {
      yield new Row(exported, start, time, values[part]!);
    }
  }
}

/** One total of a row, as it is whenever it is asked for. */
export class TotalInRow implements PlainState {
  readonly #row: PlainRow;
  readonly #place: number;

  constructor(row: PlainRow, place: number) {
    this.#row = row;
    this.#place = place;
  }

  get value(): number {
    return this.#row.valueOf(this.#place);
  }

  get start(): number {
    return this.#row.startOf(this.#place);
  }

  get time(): number {
    return this.#row.totals.time;
  }
}

/** The same, as it is now and stays. */
export function totalNow(row: PlainRow, place: number): PlainState {
  return { value: row.valueOf(place), start: row.startOf(place), time: row.totals.time };
}
