import type { Cell } from "../../component/store.ts";
import { Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { PlainError, PlainState } from "./plain-sums.ts";
import { type Shape, StoredIdentity } from "./stored-identity.ts";

/** The total of one series that stands alone. There are very many, so it has nothing that can be made of the rest. */
export class PlainRecord implements Cell<PlainState | undefined> {
  /** What is reported, since the last restart. */
  series: Series | undefined;
  /** Pinned while the record is kept. */
  readonly exported: Series;
  /** With the attributes of `exported`: its identity. */
  readonly shape: Shape;
  state: PlainState | undefined;
  /** When its last point came, by our clock. */
  usedAt: number;
  /** Where it is reported in a row its total is kept there, and not in `state`. */
  part: RowPart | undefined = undefined;
  /** Where it stands in that part. */
  index = 0;
  #key: string | undefined;

  /** `key`: where it has rows in a store. */
  constructor(exported: Series, shape: Shape, state: PlainState | undefined, usedAt: number, key?: string) {
    this.series = undefined;
    this.exported = exported;
    this.shape = shape;
    this.state = state;
    this.usedAt = usedAt;
    this.#key = key;
  }

  get identity(): StoredIdentity {
    return new StoredIdentity(this.shape, this.exported.attributes);
  }

  /** Only who has rows in a store is asked for it, and then with every change. */
  get key(): string {
    this.#key ??= this.identity.text;
    return this.#key;
  }
}

/** The total of a record as it is now, wherever it is kept. */
export function totalOf({ state, part, index }: PlainRecord): PlainState | undefined {
  if (part === undefined) return state;
  const { time, values } = part.row.totals;
  return { value: values[part.number]![index]!, start: part.start, time };
}

/** The totals of a row at one time. Immutable: each row that comes makes new ones. */
export interface RowTotals {
  readonly time: number;
  /** By part. */
  readonly values: readonly (readonly number[])[];
}

/** Those of a row whose totals began at one time: what leaves as one row. */
export interface RowPart {
  readonly row: PlainRow;
  /** Which of the row's parts it is. */
  readonly number: number;
  readonly start: number;
  readonly exported: readonly Series[];
  readonly records: readonly PlainRecord[];
  /** Where they stand in the row. */
  readonly places: Uint32Array;
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
  readonly parts: readonly RowPart[];
  totals: RowTotals;
  /** When the last row came, by our clock. */
  usedAt: number;

  /** Undefined where they are no sums, or their totals have little in common. The records still have their totals. */
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
    const hasLargeParts = byStart.size * PART_SIZE_MIN <= records.length;
    return hasLargeParts ? new PlainRow(series, records, byStart, usedAt) : undefined;
  }

  private constructor(
    series: readonly Series[],
    records: readonly PlainRecord[],
    byStart: ReadonlyMap<number, readonly number[]>,
    usedAt: number,
  ) {
    this.series = series;
    this.usedAt = usedAt;
    this.parts = Array.from(byStart, ([start, places], number) => {
      const its = places.map((place) => records[place]!);
      const exported = its.map((record) => record.exported);
      return { row: this, number, start, exported, records: its, places: Uint32Array.from(places) };
    });
    this.totals = {
      time: records[0]!.state!.time,
      values: this.parts.map((part) => part.records.map(({ state }) => state!.value as number)),
    };
  }

  /** The totals after deltas; why they are dropped; or undefined where they are not all to be treated alike. */
  after({ start, time, values }: Row): RowTotals | PlainError | undefined {
    if (start !== 0 && this.parts.some((part) => start < part.start)) return undefined;
    if (time <= this.totals.time) return "delta.ErrOutOfOrder";
    const sums: number[][] = [];
    for (const { number, places } of this.parts) {
      const before = this.totals.values[number]!;
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

  /** From now on the totals of its records are kept here. */
  take(): void {
    for (const part of this.parts) {
      for (let index = 0; index < part.records.length; index++) {
        const record = part.records[index]!;
        record.part = part;
        record.index = index;
        record.state = undefined;
      }
    }
  }

  /** Each record has its own total again. The row keeps them as they are, so that it can take them back. */
  giveBack(): void {
    for (const { records } of this.parts) {
      for (const record of records) {
        record.state = totalOf(record);
        record.usedAt = this.usedAt;
        record.part = undefined;
      }
    }
  }

  /** What is shown of the totals. */
  *rows(): Iterable<Row> {
    const { time, values } = this.totals;
    for (const { number, start, exported } of this.parts) yield new Row(exported, start, time, values[number]!);
  }
}
