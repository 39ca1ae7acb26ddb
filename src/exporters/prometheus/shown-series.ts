import { Family, type FamilyDescription } from "../../kit/prometheus/family.ts";
import type { MetricPlan, SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import { type MetricsBatch, type Point, pointsOf, type Row } from "../../model/points.ts";
import type { Metric, Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { accumulate, isAdded } from "./accumulate.ts";
import type { Drops } from "./drops.ts";
import { LabelTexts } from "./label-texts.ts";
import { type FamilyPlaces, isShown, type Place } from "./place.ts";
import { TargetInfo } from "./target-info.ts";
import type { DropReason } from "./telemetry.ts";
import { WaitingRows } from "./waiting-rows.ts";

export interface ShownSeriesOptions {
  readonly naming: SeriesNaming;
  readonly table: SeriesTable;
  readonly drops: Drops;
  readonly seriesMax: number;
  /** Called when a scrape would show something else than before; once for all that comes together. */
  readonly onChange: () => void;
}

/** What a scrape shows: the last value of each series, under one name one type, and under one set of labels one series. */
export class ShownSeries {
  readonly #options: ShownSeriesOptions;
  readonly #families = new Map<string, FamilyPlaces>();
  readonly #targets: TargetInfo;
  readonly #places: Memo<Place>;
  readonly #waiting: WaitingRows;
  readonly #labels: LabelTexts;
  readonly #plans = new WeakMap<Metric, MetricPlan>();
  #size = 0;

  constructor(options: ShownSeriesOptions) {
    this.#options = options;
    this.#targets = new TargetInfo(options.naming);
    this.#waiting = new WaitingRows(options.table, options.drops);
    this.#labels = new LabelTexts(options.naming);
    this.#places = options.table.memo((series, place) => this.#evicted(series, place));
  }

  get size(): number {
    return this.#size;
  }

  families(): readonly Family[] {
    this.#waiting.showAll();
    return [...Array.from(this.#families.values(), ({ family }) => family), this.#targets.family()];
  }

  /** Shows rows and points in the order in which they stand. `nowMs`: a monotonic clock's. */
  take({ rows, points }: MetricsBatch, nowMs: number): void {
    for (const row of rows) if (!this.#waiting.take(row, nowMs)) this.#takeRow(row, nowMs);
    for (const point of points) this.#takeOne(point, nowMs);
    if (rows.length + points.length > 0) this.#options.onChange();
  }

  /** Takes out what had no news since then, but for series that somebody holds a total of. Returns how many. */
  expire(beforeMs: number): number {
    this.#waiting.showAll();
    let expired = 0;
    for (const { places } of this.#families.values()) {
      for (const place of places.values()) {
        if (place.seenMs >= beforeMs || place.owner.lease.pins > 0) continue;
        this.#remove(place);
        expired++;
      }
    }
    if (expired > 0) this.#options.onChange();
    return expired;
  }

  /** Lets go of the series table. */
  dispose(): void {
    this.#places.dispose();
    this.#waiting.dispose();
  }

  #takeRow(row: Row, nowMs: number): void {
    for (const point of pointsOf(row)) this.#takeOne(point, nowMs);
    const places = row.series.map((series) => this.#ownPlace(series)).filter((place) => place !== undefined);
    if (places.length === row.series.length) this.#waiting.settle(row.series, places);
  }

  /** The place of a series for which nothing is shown but the last of its own values. */
  #ownPlace(series: Series): Place | undefined {
    const place = this.#placeOf(series);
    return place?.owner === series && !isAdded(series.metric) ? place : undefined;
  }

  #takeOne(point: Point, nowMs: number): void {
    const { series } = point;
    if (point.extra?.noRecordedValue) {
      const place = this.#placeOf(series);
      if (place?.owner === series) this.#end(place, point.time);
      return;
    }
    const place = this.#placeOf(series) ?? this.#findPlace(series);
    const reason = typeof place === "string" ? place : this.#show(place, point, nowMs);
    if (reason !== undefined) this.#options.drops.drop(reason, series);
  }

  /** From then on the series has no value, but for one that came since and was put in front of that. */
  #end(place: Place, time: number): void {
    this.#waiting.release(place);
    if (time >= place.sample.timeMs) this.#remove(place);
  }

  #show(place: Place, point: Point, nowMs: number): DropReason | undefined {
    this.#waiting.release(place);
    if (place.owner !== point.series && !this.#wins(place, point, nowMs)) return "duplicate";
    place.contender = undefined;
    place.seenMs = nowMs;
    return accumulate(place.sample, point);
  }

  /**
   * Two series that Prometheus could not tell apart: the first is shown, so that the values of two sources never take
   * turns. The other one gets the place once it has brought two points without a word of the first in between: then
   * it is the same source, described anew.
   */
  #wins(place: Place, point: Point, nowMs: number): boolean {
    const insists = place.contender?.point.series === point.series;
    if (insists) this.#handOver(place, point.series);
    else place.contender = { point, seenMs: nowMs };
    return insists;
  }

  #handOver(place: Place, series: Series): void {
    this.#targets.retain(series.resource);
    this.#targets.release(place.owner.resource);
    place.owner = series;
    place.sample.timeMs = 0;
    place.sample.exemplars = undefined;
  }

  #placeOf(series: Series): Place | undefined {
    const place = this.#places.get(series);
    return place !== undefined && isShown(place) ? place : undefined;
  }

  #findPlace(series: Series): Place | DropReason {
    const plan = this.#plan(series.metric);
    if (!plan.shown) return plan.reason;
    const home = this.#families.get(plan.description.name);
    const conflict = this.#conflict(plan.description, series.metric, home);
    if (conflict !== undefined) return conflict;
    const labels = this.#labels.of(series);
    let place = home?.places.get(labels);
    if (place === undefined) {
      if (this.#size >= this.#options.seriesMax) return "series_limit";
      const owned = home ?? this.#newFamily(plan.description);
      place = {
        home: owned,
        owner: series,
        sample: owned.family.addText(labels),
        seenMs: 0,
        rows: undefined,
        contender: undefined,
      };
      owned.places.set(labels, place);
      this.#size++;
      this.#targets.retain(series.resource);
    }
    this.#places.set(series, place);
    return place;
  }

  #conflict(description: FamilyDescription, metric: Metric, home: FamilyPlaces | undefined): DropReason | undefined {
    if (description.name === this.#targets.name) return "type_conflict";
    if (home === undefined) return undefined;
    const shown = home.family.description;
    if (shown.type !== description.type) return "type_conflict";
    if (shown.help !== description.help) this.#options.drops.helpConflict(metric, shown.help);
    return undefined;
  }

  #plan(metric: Metric): MetricPlan {
    let plan = this.#plans.get(metric);
    if (plan === undefined) {
      plan = this.#options.naming.plan(metric);
      this.#plans.set(metric, plan);
    }
    return plan;
  }

  #newFamily(description: FamilyDescription): FamilyPlaces {
    const home: FamilyPlaces = { family: new Family(description), places: new Map() };
    this.#families.set(description.name, home);
    return home;
  }

  /** The series table forgot a series, and so do we. */
  #evicted(series: Series, place: Place): void {
    if (place.contender?.point.series === series) place.contender = undefined;
    if (place.owner !== series || !isShown(place)) return;
    this.#remove(place);
    this.#options.onChange();
  }

  /** A series that waited for this place gets it, so that its value is not lost until it comes again. */
  #remove(place: Place): void {
    this.#waiting.release(place);
    const { home, sample, owner, contender } = place;
    home.family.delete(sample);
    home.places.delete(sample.labels);
    if (home.places.size === 0) this.#families.delete(home.family.description.name);
    this.#places.delete(owner);
    this.#targets.release(owner.resource);
    this.#size--;
    if (contender !== undefined) this.#takeOne(contender.point, contender.seenMs);
  }
}
