import type { Family, FamilyDescription } from "../../kit/prometheus/family.ts";
import { LabelKey } from "../../kit/prometheus/label-index.ts";
import type { MetricPlan, SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import type { Random } from "../../lib/random.ts";
import { type MetricsBatch, type Point, pointsOf, type Row } from "../../model/points.ts";
import type { Metric, Series } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { accumulate, isAdded } from "./accumulate.ts";
import type { Drops } from "./drops.ts";
import { FamilyPlaces } from "./family-places.ts";
import { LabelTexts } from "./label-texts.ts";
import type { Place } from "./place.ts";
import { Places } from "./places.ts";
import { TargetInfo } from "./target-info.ts";
import type { DropReason } from "./telemetry.ts";
import { WaitingRows } from "./waiting-rows.ts";

export interface ShownSeriesOptions {
  readonly naming: SeriesNaming;
  readonly table: SeriesTable;
  readonly drops: Drops;
  readonly random: Random;
  readonly seriesMax: number;
  /** Called when a scrape would show something else than before; once for all that comes together. */
  readonly onChange: () => void;
}

/** What a scrape shows: the last value of each series, under one name one type, and under one set of labels one series. */
export class ShownSeries {
  readonly #options: ShownSeriesOptions;
  readonly #families = new Map<string, FamilyPlaces>();
  readonly #targets: TargetInfo;
  readonly #places: Places;
  readonly #waiting: WaitingRows;
  readonly #labels: LabelTexts;
  readonly #key: LabelKey;
  readonly #plans = new WeakMap<Metric, MetricPlan>();

  constructor(options: ShownSeriesOptions) {
    this.#options = options;
    this.#targets = new TargetInfo(options.naming);
    this.#places = new Places(options.table, (place) => this.#evicted(place));
    this.#waiting = new WaitingRows(this.#places, options.drops, options.table);
    this.#labels = new LabelTexts(options.naming);
    this.#key = new LabelKey(options.random.integer(2 ** 32));
  }

  get size(): number {
    return this.#places.size;
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
    for (let place = 0; place < this.#places.end; place++) {
      // A contender may have got the place, and be as old.
      for (; this.#isExpired(place, beforeMs); expired++) this.#remove(place);
    }
    if (expired > 0) this.#options.onChange();
    return expired;
  }

  /** Lets go of the series table. */
  dispose(): void {
    this.#places.dispose();
    this.#waiting.dispose();
  }

  #isExpired(place: Place, beforeMs: number): boolean {
    if (!this.#places.has(place) || this.#places.seenMs(place) >= beforeMs) return false;
    return this.#places.owner(place).lease.pins === 0;
  }

  #takeRow(row: Row, nowMs: number): void {
    for (const point of pointsOf(row)) this.#takeOne(point, nowMs);
    const places = row.series.map((series) => this.#ownPlace(series)).filter((place) => place !== undefined);
    if (places.length === row.series.length) this.#waiting.settle(row, places);
  }

  /** The place of a series for which nothing is shown but the last of its own values. */
  #ownPlace(series: Series): Place | undefined {
    const place = this.#places.of(series);
    const owns = place !== undefined && this.#places.owner(place) === series;
    return owns && !isAdded(series.metric) ? place : undefined;
  }

  #takeOne(point: Point, nowMs: number): void {
    const { series } = point;
    const known = this.#places.of(series);
    if (point.extra?.noRecordedValue) {
      if (known !== undefined && this.#places.owner(known) === series) this.#end(known, point.time);
      return;
    }
    const place = known ?? this.#findPlace(series);
    const reason = typeof place === "string" ? place : this.#show(place, point, nowMs);
    if (reason !== undefined) this.#options.drops.drop(reason, series);
  }

  /** From then on the series has no value, but for one that came since and was put in front of that. */
  #end(place: Place, time: number): void {
    this.#waiting.release(place);
    if (time >= this.#places.home(place).family.timeMs(this.#places.position(place))) this.#remove(place);
  }

  #show(place: Place, point: Point, nowMs: number): DropReason | undefined {
    this.#waiting.release(place);
    if (this.#places.owner(place) !== point.series && !this.#wins(place, point, nowMs)) return "duplicate";
    this.#places.seen(place, nowMs);
    return accumulate(this.#places.home(place).family, this.#places.position(place), point);
  }

  /**
   * Two series that Prometheus could not tell apart: the first is shown, so that the values of two sources never take
   * turns. The other one gets the place once it has brought two points without a word of the first in between: then
   * it is the same source, described anew.
   */
  #wins(place: Place, point: Point, nowMs: number): boolean {
    const insists = this.#places.contender(place)?.point.series === point.series;
    if (insists) this.#handOver(place, point.series);
    else this.#places.setContender(place, { point, seenMs: nowMs });
    return insists;
  }

  #handOver(place: Place, series: Series): void {
    this.#targets.retain(series.resource);
    this.#targets.release(this.#places.owner(place).resource);
    this.#places.handOver(place, series);
    const { family } = this.#places.home(place);
    const position = this.#places.position(place);
    family.show(position, family.value(position), 0, family.createdMs(position));
    family.showExemplars(position, undefined);
  }

  #findPlace(series: Series): Place | DropReason {
    const plan = this.#plan(series.metric);
    if (!plan.shown) return plan.reason;
    const home = this.#families.get(plan.description.name);
    const conflict = this.#conflict(plan.description, series.metric, home);
    if (conflict !== undefined) return conflict;
    const labels = this.#labels.of(series);
    const key = this.#key.set(labels);
    const known = home?.find(key);
    if (known !== undefined) return known;
    if (this.size >= this.#options.seriesMax) return "series_limit";
    this.#targets.retain(series.resource);
    return this.#places.add(home ?? this.#newFamily(plan.description), labels, key, series);
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
    const home = new FamilyPlaces(description);
    this.#families.set(description.name, home);
    return home;
  }

  /** The series table forgot a series that is shown, and so do we. */
  #evicted(place: Place): void {
    this.#remove(place);
    this.#options.onChange();
  }

  /** A series that waited for this place gets it, so that its value is not lost until it comes again. */
  #remove(place: Place): void {
    this.#waiting.release(place);
    const contender = this.#places.contender(place);
    const { family } = this.#places.home(place);
    this.#targets.release(this.#places.owner(place).resource);
    this.#places.delete(place);
    if (family.size === 0) this.#families.delete(family.description.name);
    if (contender !== undefined) this.#takeOne(contender.point, contender.seenMs);
  }
}
