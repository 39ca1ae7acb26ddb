import type { Delivery } from "../../component/delivery.ts";
import { unlessSame } from "../../lib/unless-same.ts";
import { filledFrom, isRow, type MetricsBatch, type Point, pointsOf, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Memo } from "../../model/series-table.ts";
import { type SeriesDescription, SeriesMapping } from "../series-mapping.ts";
import { SeriesSums, type SeriesSumsOptions, type SumsOfBatch } from "./series-sums.ts";

export interface Redescribed {
  /** The same object where nothing changes. */
  readonly series: SeriesDescription;
  /**
   * Whether it is known that other series may become the same one: such a series is a sum from the start. For any other
   * that is found when it happens, which is as good for as long as both are there.
   */
  readonly mayMeet: boolean;
}

/** Series that are handed on one for one, so their values stay as they are. */
interface Passing {
  readonly of: readonly Series[];
  readonly as: readonly Series[];
  /** The last that was taken of them, should one of them become a part of a sum. */
  last: Row | Point | undefined;
}

/**
 * Makes other series of those of batches, as `SeriesMapping` does, where several may become one: those are added up.
 * What is sure to stay alone passes as it is. Where others become what such a series is, it joins their sum with the
 * value that it had.
 */
export class SeriesMerging {
  readonly #sums: SeriesSums;
  readonly #mapping: SeriesMapping;
  readonly #isMerged: Memo<boolean>;
  /** By each of those that are handed on. */
  readonly #passing: Memo<Passing>;

  constructor(options: SeriesSumsOptions, describe: (series: Series) => Redescribed) {
    const { series: table } = options.deps;
    this.#sums = new SeriesSums(options);
    this.#isMerged = table.memo();
    this.#passing = table.memo();
    this.#mapping = new SeriesMapping(table, (series) => {
      const { series: described, mayMeet } = describe(series);
      if (mayMeet) this.#isMerged.set(series, true);
      return described;
    });
  }

  load(signal: AbortSignal): Promise<void> {
    return this.#sums.load(signal);
  }

  dispose(): void {
    this.#mapping.dispose();
    this.#sums.dispose();
    this.#isMerged.dispose();
    this.#passing.dispose();
  }

  /** The same batch where nothing changes. */
  map(batch: MetricsBatch, delivery: Delivery): MetricsBatch {
    const sums = this.#sums.begin(delivery);
    const rows: Row[] = [];
    const points: Point[] = [];
    const remembered: { readonly passing: Passing; readonly before: Passing["last"] }[] = [];
    const remember = (passing: Passing, last: Row | Point) => {
      remembered.push({ passing, before: passing.last });
      passing.last = last;
    };
    const take = (point: Point) => {
      const passing = this.#passingOf([point.series]);
      if (passing === undefined) {
        this.#merge(point, sums, delivery);
        return;
      }
      remember(passing, point);
      const series = passing.as[0]!;
      points.push(series === point.series ? point : { ...point, series });
    };
    for (const row of batch.rows) {
      const passing = this.#passingOf(row.series);
      if (passing === undefined) {
        for (const point of pointsOf(row)) take(point);
        continue;
      }
      remember(passing, filledFrom(passing.last, row));
      rows.push(passing.as === row.series ? row : new Row(passing.as, row.start, row.time, row.values));
    }
    for (const point of batch.points) take(point);
    points.push(...sums.points());
    delivery.transaction.onRolledBack(() => {
      for (const { passing, before } of remembered.reverse()) passing.last = before;
    });
    const assumedRepeat = batch.assumedRepeat && this.#mapping.rows(batch.assumedRepeat);
    const changed = { rows: unlessSame(batch.rows, rows), points: unlessSame(batch.points, points), assumedRepeat };
    const isSame =
      changed.rows === batch.rows && changed.points === batch.points && assumedRepeat === batch.assumedRepeat;
    return isSame ? batch : { ...batch, ...changed };
  }

  /** Undefined where one of the series is, or may be, a part of a sum. */
  #passingOf(list: readonly Series[]): Passing | undefined {
    const as = list.length === 1 ? [this.#mapping.series(list[0]!)] : this.#mapping.list(list);
    const known = this.#passing.get(as[0]!);
    if (known !== undefined && isSameList(known.of, list)) return known;
    const meets = as.some((series, index) => this.#isTaken(series, list[index]!));
    if (meets || list.some((series) => this.#isPart(series))) return undefined;
    const passing: Passing = { of: list, as: unlessSame(list, as), last: undefined };
    for (const series of as) this.#passing.set(series, passing);
    return passing;
  }

  /** Whether another series passes as this one already. */
  #isTaken(as: Series, of: Series): boolean {
    const passing = this.#passing.get(as);
    if (passing === undefined || passing.of[passing.as.indexOf(as)] === of) return false;
    this.#isMerged.set(of, true);
    return true;
  }

  #isPart(series: Series): boolean {
    let isPart = this.#isMerged.get(series);
    if (isPart === undefined) {
      isPart = this.#sums.has(this.#mapping.series(series));
      this.#isMerged.set(series, isPart);
    }
    return isPart;
  }

  #merge(point: Point, sums: SumsOfBatch, delivery: Delivery): void {
    const into = this.#mapping.series(point.series);
    const passing = this.#passing.get(into);
    if (passing !== undefined) this.#join(passing, into, sums, delivery);
    sums.add(point, into);
  }

  /** What passed until now as the series `into` is a part of that sum from now on. */
  #join(passing: Passing, into: Series, sums: SumsOfBatch, { transaction }: Delivery): void {
    const { of, as, last } = passing;
    const joining = of[as.indexOf(into)]!;
    this.#isMerged.set(joining, true);
    for (const series of as) this.#passing.delete(series);
    transaction.onRolledBack(() => {
      this.#isMerged.set(joining, false);
      for (const series of as) this.#passing.set(series, passing);
    });
    const points = isRow(last) ? pointsOf(last) : last === undefined ? [] : [last];
    for (const point of points) if (point.series === joining) sums.add(point, into);
  }
}

const isSameList = (one: readonly Series[], other: readonly Series[]) =>
  one === other || (one.length === 1 && other.length === 1 && one[0] === other[0]);
