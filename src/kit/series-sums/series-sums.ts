import type { Deps } from "../../component/component.ts";
import type { Delivery } from "../../component/delivery.ts";
import type { Counter, MetricDescription } from "../../component/meter.ts";
import type { Point } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import { sum } from "../point-arithmetic.ts";
import { type CountSum, CountSums } from "./count-sums.ts";
import type { Counted } from "./counted.ts";
import { type LevelSum, LevelSums } from "./level-sums.ts";
import { sumKindOf } from "./sum-kind.ts";

export interface SeriesSumsOptions {
  readonly deps: Pick<Deps, "store" | "series" | "meter">;
  /** How many series may be in sums of counts. */
  readonly seriesMax: number;
  /** Counts points that could not be added, by `reason`: `limit`, `out_of_order`. */
  readonly dropped: MetricDescription;
}

/**
 * Series that are made of several, by the rules of `SumKind`. What counts is exact through restarts: it is kept with the
 * delivery that brought it, and what a series has brought stays in its sum when the series itself is gone.
 */
export class SeriesSums {
  readonly counts: CountSums;
  readonly levels: LevelSums;
  readonly #drops: { readonly [reason in "limit" | "out_of_order"]: Counter };

  constructor({ deps, seriesMax, dropped }: SeriesSumsOptions) {
    this.counts = new CountSums(deps.store, deps.series, seriesMax);
    this.levels = new LevelSums(deps.series);
    const drops = (reason: string) => deps.meter.counter(dropped, { reason });
    this.#drops = { limit: drops("limit"), out_of_order: drops("out_of_order") };
  }

  load(signal: AbortSignal): Promise<void> {
    return this.counts.load(signal);
  }

  dispose(): void {
    this.counts.dispose();
    this.levels.dispose();
  }

  has(series: Series): boolean {
    return this.counts.has(series) || this.levels.has(series);
  }

  begin(delivery: Delivery): SumsOfBatch {
    return new SumsOfBatch(this, delivery, (reason) => delivery.onCommitted(() => this.#drops[reason].value++));
  }
}

/** What one batch adds, and what it leads to: one point for each sum that it has to do with. */
export class SumsOfBatch {
  readonly #sums: SeriesSums;
  readonly #delivery: Delivery;
  readonly #drop: (reason: "limit" | "out_of_order") => void;
  readonly #counts = new Map<CountSum, number>();
  readonly #levels = new Map<LevelSum, number>();
  readonly #deltas = new Map<Series, Point>();
  readonly #others: Point[] = [];

  constructor(sums: SeriesSums, delivery: Delivery, drop: (reason: "limit" | "out_of_order") => void) {
    this.#sums = sums;
    this.#delivery = delivery;
    this.#drop = drop;
  }

  /** A point, as one of the series that its own becomes a part of. */
  add(point: Point, into: Series): void {
    const { series, start, time, value, extra } = point;
    const ended = extra?.noRecordedValue === true;
    switch (sumKindOf(series.metric)) {
      case "count":
        // That a series ends takes nothing away from what was counted.
        if (!ended) this.#addCount(series, into, { start, time, value });
        return;
      case "level":
        if (typeof value !== "number") return;
        this.setLevel(series, into, ended ? undefined : value, time);
        return;
      case "delta":
        if (!ended) this.#addDelta(point, into);
        return;
      case "newest":
        this.#others.push({ ...point, series: into });
        return;
    }
  }

  /** `undefined`: the series has no value any more. */
  setLevel(series: Series, into: Series, value: number | undefined, time: number): void {
    const sum = this.#sums.levels.set(series, into, value, this.#delivery.transaction);
    this.#levels.set(sum, Math.max(time, this.#levels.get(sum) ?? 0));
  }

  points(): readonly Point[] {
    const points: Point[] = [...this.#others, ...this.#deltas.values()];
    for (const [sum, time] of this.#counts) {
      sum.shownAt = Math.max(sum.shownAt, time);
      const { start, value } = sum.state!;
      points.push({ series: sum.series, start, time: sum.shownAt, value });
    }
    for (const [sum, time] of this.#levels) {
      sum.shownAt = Math.max(sum.shownAt, time);
      const { series, value, parts, shownAt } = sum;
      const extra = parts === 0 ? { extra: { noRecordedValue: true } } : {};
      points.push({ series, start: 0, time: shownAt, value, ...extra });
    }
    return points;
  }

  #addCount(series: Series, into: Series, now: Counted): void {
    const sum = this.#sums.counts.add(series, into, now, this.#delivery.transaction);
    if (typeof sum === "string") this.#drop(sum);
    else this.#counts.set(sum, Math.max(now.time, this.#counts.get(sum) ?? 0));
  }

  #addDelta(point: Point, into: Series): void {
    const before = this.#deltas.get(into);
    const value = before === undefined ? point.value : sum(before.value, point.value);
    if (value === undefined) {
      this.#others.push({ ...point, series: into });
      return;
    }
    const start = Math.min(point.start, before?.start ?? point.start);
    const time = Math.max(point.time, before?.time ?? 0);
    this.#deltas.set(into, { series: into, start, time, value });
  }
}
