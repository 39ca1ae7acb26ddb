import { numberText } from "../../kit/prometheus/byte-writer.ts";
import type { FamilyDescription } from "../../kit/prometheus/family.ts";
import { labelsFrom, labelText } from "../../kit/prometheus/labels.ts";
import type { SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import type { Clock } from "../../lib/clock.ts";
import { allPoints, type Exemplar, type Histogram, type MetricsBatch, type Point } from "../../model/points.ts";
import type { Metric, Resource, Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import type { LeftOut, LeftOutReason } from "./telemetry.ts";
import { type LabelSet, labelSet, type Sample, type TimeSeries } from "./time-series.ts";

/** A series that was silent for so long is seen by no query any more: another one of its labels takes its place. */
const SILENT_MS = 5 * 60_000;

export interface SamplesOptions {
  readonly naming: SeriesNaming;
  readonly table: SeriesTable;
  readonly clock: Clock;
  readonly targetInfo: boolean;
  readonly created: boolean;
}

/** What one request is to write. */
export interface Contents {
  readonly timeSeries: readonly TimeSeries[];
  readonly leftOut: readonly LeftOut[];
  /** To be called when the receiver has taken it: what comes next has to be later. */
  written(): void;
}

/**
 * From points to samples. Prometheus takes the samples of a series in the order of their times only, each time once,
 * and refuses a whole request for one that is not; while two reports within one millisecond are nothing special here,
 * nor is a clock that was set back. So a sample that would not be later than the one before it is written a millisecond
 * after that: the last value to arrive counts.
 */
export class Samples {
  readonly #options: SamplesOptions;
  readonly #known: Memo<Known | LeftOutReason>;
  /** By name and labels: which series is written there, and the last sample that was. */
  readonly #places = new Map<string, Place>();
  readonly #targets = new WeakMap<Resource, Target>();

  constructor(options: SamplesOptions) {
    this.#options = options;
    this.#known = options.table.memo((_, known) => {
      if (typeof known === "object" && --known.place.users === 0) this.#places.delete(known.place.key);
    });
  }

  /** The same batch gives the same contents until something later was written. */
  of(batch: MetricsBatch): Contents {
    const request = new Request();
    const last = new Map<Place, Last>();
    const leftOut: LeftOut[] = [];
    const newest = new Map<Resource, number>();
    for (const point of allPoints(batch)) {
      const { series } = point;
      const known = this.#knownOf(series);
      const reason = typeof known === "string" ? known : this.#add(point, known, last, request);
      if (reason !== undefined) leftOut.push({ reason, series });
      else newest.set(series.resource, Math.max(newest.get(series.resource) ?? 0, Math.floor(point.time)));
    }
    const targets = this.#options.targetInfo ? this.#addTargets(newest, request) : [];
    return {
      timeSeries: request.timeSeries,
      leftOut,
      written() {
        for (const [place, its] of last) place.last = its;
        for (const [target, timeMs] of targets) target.lastMs = timeMs;
      },
    };
  }

  /**
   * The last values of totals that somebody keeps, and that had no news for so long, as of now: so many at a time, looked
   * for when they are asked for. Whoever writes them says `written` before: what comes next is later than now.
   */
  *idle(idleMs: number, seriesMax: number): Iterable<Contents> {
    const { clock } = this.#options;
    let points: Point[] = [];
    for (const { owner, seenMs, last } of this.#places.values()) {
      if (last === undefined || clock.monotonic() - seenMs < idleMs) continue;
      // Of what nobody keeps it is not known whether it is idle or gone.
      if (owner.lease.pins === 0 || last.point.series !== owner || last.point.extra?.noRecordedValue) continue;
      const { start, value } = last.point;
      points.push({ series: owner, start, time: clock.now(), value });
      if (points.length < seriesMax) continue;
      yield this.of({ rows: [], points });
      points = [];
    }
    if (points.length > 0) yield this.of({ rows: [], points });
  }

  dispose(): void {
    this.#known.dispose();
    this.#places.clear();
  }

  #add(point: Point, known: Known, lasts: Map<Place, Last>, request: Request): LeftOutReason | undefined {
    const { place, metric } = known;
    if (!this.#owns(point.series, place)) return "duplicate";
    const before = lasts.get(place) ?? place.last;
    let timeMs = Math.floor(point.time);
    if (before !== undefined && timeMs <= before.timeMs) {
      if (isOvertaken(point, before, metric)) return "out_of_order";
      timeMs = before.timeMs + 1;
    }
    lasts.set(place, { timeMs, point });
    const startMs = known.counts ? Math.floor(point.start) : 0;
    const stale = point.extra?.noRecordedValue === true;
    if (metric.type === "histogram") this.#addHistogram(point, known, { timeMs, startMs, stale }, request);
    else {
      const exemplars = known.counts ? point.extra?.exemplars : undefined;
      const value = stale ? "stale" : (point.value as number);
      request.add(known.labels, known.family, { value, timeMs, startMs }, exemplars);
    }
    if (known.created !== undefined && startMs > 0) {
      const { labels, family } = known.created;
      request.add(labels, family, { value: stale ? "stale" : point.start / 1000, timeMs, startMs: 0 });
    }
    return undefined;
  }

  #addHistogram(
    { value, extra }: Point,
    known: Known,
    { timeMs, startMs, stale }: { readonly timeMs: number; readonly startMs: number; readonly stale: boolean },
    request: Request,
  ): void {
    const { family } = known;
    const add = (labels: LabelSet, number: number, exemplars?: readonly Exemplar[]) =>
      request.add(labels, family, { value: stale ? "stale" : number, timeMs, startMs }, exemplars);
    const { bounds, counts, count, sum } = value as Histogram;
    if (stale) for (const labels of known.parts.values()) add(labels, 0);
    else {
      let cumulative = 0;
      for (let bucket = 0; bucket <= bounds.length; bucket++) {
        const above = bounds[bucket - 1] ?? Number.NEGATIVE_INFINITY;
        const bound = bounds[bucket] ?? Number.POSITIVE_INFINITY;
        cumulative += counts[bucket] ?? 0;
        const within = extra?.exemplars?.filter((exemplar) => exemplar.value > above && exemplar.value <= bound);
        const its = bucket === bounds.length ? count : cumulative;
        add(this.#part(known, "_bucket", numberText(bound)), its, within);
      }
      if (sum !== undefined) add(this.#part(known, "_sum"), sum);
      add(this.#part(known, "_count"), count);
    }
  }

  /** The labels of one of the series that a histogram consists of. */
  #part(known: Known, suffix: string, le?: string): LabelSet {
    const key = le ?? suffix;
    let labels = known.parts.get(key);
    if (labels === undefined) {
      const more = le === undefined ? {} : { le };
      labels = labelSet(`${known.family.name}${suffix}`, this.#options.naming.labels(known.series), more);
      known.parts.set(key, labels);
    }
    return labels;
  }

  /** `target_info` of each resource, at the time of the newest sample, unless it was told as late as that before. */
  #addTargets(newest: ReadonlyMap<Resource, number>, request: Request): [Target, number][] {
    const family = this.#options.naming.targetDescription();
    const told: [Target, number][] = [];
    for (const [resource, timeMs] of newest) {
      const target = this.#targetOf(resource, family);
      if (target.labels === undefined || timeMs <= target.lastMs) continue;
      request.add(target.labels, family, { value: 1, timeMs, startMs: 0 });
      told.push([target, timeMs]);
    }
    return told;
  }

  #targetOf(resource: Resource, { name }: FamilyDescription): Target {
    let target = this.#targets.get(resource);
    if (target === undefined) {
      const { naming } = this.#options;
      const labels = naming.targetLabels(resource);
      const set = labels && labelSet(name, { ...labelsFrom(naming.constLabels), ...labels });
      target = { labels: set, lastMs: 0 };
      this.#targets.set(resource, target);
    }
    return target;
  }

  /** One series at a time is written to a place, so that two sources never take turns. */
  #owns(series: Series, place: Place): boolean {
    const nowMs = this.#options.clock.monotonic();
    if (place.owner !== series && nowMs - place.seenMs < SILENT_MS) return false;
    place.owner = series;
    place.seenMs = nowMs;
    return true;
  }

  #knownOf(series: Series): Known | LeftOutReason {
    let known = this.#known.get(series);
    if (known === undefined) {
      known = this.#found(series);
      this.#known.set(series, known);
    }
    return known;
  }

  #placeOf(key: string, series: Series): Place {
    let place = this.#places.get(key);
    if (place === undefined) {
      place = { key, users: 0, owner: series, seenMs: this.#options.clock.monotonic(), last: undefined };
      this.#places.set(key, place);
    }
    place.users++;
    return place;
  }

  #found(series: Series): Known | LeftOutReason {
    const { metric } = series;
    if (metric.temporality === "delta" && metric.type !== "gauge") return "delta";
    const { naming, created } = this.#options;
    const plan = naming.plan(metric);
    if (!plan.shown) return plan.reason;
    const family = plan.description;
    const named = naming.labels(series);
    const counts = family.type !== "gauge";
    const createdName = `${family.name.replace(/_total$/, "")}_created`;
    return {
      series,
      metric,
      place: this.#placeOf(`${family.name}{${labelText(named, "allow-utf-8")}}`, series),
      family,
      counts,
      labels: labelSet(family.name, named),
      parts: new Map(),
      created:
        created && counts
          ? { labels: labelSet(createdName, named), family: { ...family, name: createdName, type: "gauge", unit: "" } }
          : undefined,
    };
  }
}

interface Known {
  readonly series: Series;
  readonly metric: Metric;
  readonly place: Place;
  readonly family: FamilyDescription;
  /** Whether its values are counts since a beginning. */
  readonly counts: boolean;
  readonly labels: LabelSet;
  /** Of a histogram: the series that it consists of, by bound, or by suffix. */
  readonly parts: Map<string, LabelSet>;
  readonly created: { readonly labels: LabelSet; readonly family: FamilyDescription } | undefined;
}

/** One name and one set of labels. */
interface Place {
  readonly key: string;
  /** How many series there are that would be written there. */
  users: number;
  owner: Series;
  /** When the owner last brought a point, by a monotonic clock. */
  seenMs: number;
  last: Last | undefined;
}

/** What was written last. */
interface Last {
  /** The sample's time. */
  readonly timeMs: number;
  readonly point: Point;
}

interface Target {
  readonly labels: LabelSet | undefined;
  lastMs: number;
}

/** A counter that would fall within one life is an older point that arrived late, and would look like a restart. */
function isOvertaken(point: Point, { point: last }: Last, { monotonic, type }: Metric): boolean {
  if (!monotonic && type !== "histogram") return false;
  return point.time < last.time && point.start === last.start && amountOf(point) < amountOf(last);
}

function amountOf({ value }: Point): number {
  return typeof value === "number" ? value : value.count;
}

/** The series of one request: several samples of one stand together. */
class Request {
  readonly #byLabels = new Map<LabelSet, { samples: Sample[]; exemplars: Exemplar[]; series: TimeSeries }>();

  get timeSeries(): readonly TimeSeries[] {
    return Array.from(this.#byLabels.values(), ({ series }) => series);
  }

  add(labels: LabelSet, family: FamilyDescription, sample: Sample, exemplars: readonly Exemplar[] = []): void {
    let its = this.#byLabels.get(labels);
    if (its === undefined) {
      const lists = { samples: [] as Sample[], exemplars: [] as Exemplar[] };
      its = { ...lists, series: { labels, family, ...lists } };
      this.#byLabels.set(labels, its);
    }
    its.samples.push(sample);
    its.exemplars.push(...exemplars);
  }
}
