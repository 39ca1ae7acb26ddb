import type { AttributeValue } from "../attributes.ts";
import { BatchDraft } from "../batch-draft.ts";
import type { SeriesSource } from "../limited-series.ts";
import { type MetricsBatch, type Point, type PointExtra, Row } from "../points.ts";
import type { MetricType, Resource, Scope, Series } from "../series.ts";
import type { SeriesTable } from "../series-table.ts";
import { readKeyValue } from "./attributes-codec.ts";
import { findField } from "./groups.ts";
import { readResource, readScope } from "./heads.ts";
import type { ItemBudget } from "./item-budget.ts";
import { KnownPoints } from "./known-points.ts";
import { isEvicted, KnownSeries, type SeriesOwner } from "./known-series.ts";
import { type FoundData, findData, type MetricHead, readHead, readTail } from "./metric-data.ts";
import {
  type OtherPoint,
  type RareFields,
  readExemplar,
  readExponentialHistogram,
  readHistogram,
  readSummary,
} from "./rare-points-reader.ts";
import { RecentTexts } from "./recent-texts.ts";
import { WireError, WireReader } from "./wire-reader.ts";
import { FIXED64, LENGTH, tag, VARINT } from "./wire-writer.ts";

/** When more resources, scopes and metrics are known than this all is forgotten, and learned anew from what comes. */
const HEADS_MAX = 100_000;
/** Fewer points are read as fast one by one. */
const LEARNED_POINTS_MIN = 4;
/** When so much is learned of metrics' points, those of further metrics are read one by one. */
const LEARNED_BYTES_MAX = 64 * 1024 * 1024;
/** After so many misses in a row every 32nd request is learned from. */
const MISSES_MAX = 6;
/** When this part of what is known may be forgotten by the table, it is purged. */
const EVICTED_PART_MAX = 0.5;
/** Of the hashes of those who read what they wrote themselves. */
const SEED = 0x5eed;

/** Where the series come from, and what their hashes depend on. */
export interface MetricsReaderOptions {
  /** Points of series that it refuses are left out. */
  readonly source?: SeriesSource;
  /** Any 32 bits; unknown to the senders where those are strangers. */
  readonly seed?: number;
}

/**
 * Reads OTLP's `ExportMetricsServiceRequest` straight into interned series. What is known is found by its bytes: those of
 * the resource, the scope, the metric's head and the point's attributes are keys, so that of a point whose series came
 * twice nothing is decoded but its numbers. A metric that tells of the same series as the last time becomes one row.
 *
 * Throws a `WireError` where the bytes are no such message. Exact to a quarter of a microsecond in times, and to 2^53 in
 * whole numbers.
 */
export class MetricsReader {
  readonly #table: SeriesTable;
  readonly #source: SeriesSource;
  readonly #resources = new Map<string, KnownResource>();
  #heads = 0;
  #learnedBytes = 0;
  readonly #seed: number;
  #series: KnownSeries;
  #types = 0;
  /** What the table had evicted when the last purge was. */
  #purgedAt: number;
  readonly #texts = new RecentTexts();

  constructor(table: SeriesTable, { source = table, seed = SEED }: MetricsReaderOptions = {}) {
    this.#table = table;
    this.#source = source;
    this.#seed = seed;
    this.#series = new KnownSeries(seed);
    this.#purgedAt = table.evicted;
  }

  read(bytes: Uint8Array, items?: ItemBudget): MetricsBatch {
    if (this.#heads > HEADS_MAX) this.#forget();
    else if (this.#table.evicted - this.#purgedAt > this.#series.size * EVICTED_PART_MAX) this.#purge();
    const reader = new WireReader(bytes, items);
    const draft = new BatchDraft();
    while (reader.at < bytes.length) {
      const field = reader.varint();
      if (field === tag(1, LENGTH)) this.#resourceMetrics(reader, reader.lengthEnd(bytes.length), draft);
      else reader.skip(field & 7, bytes.length);
    }
    return { rows: draft.rows, points: draft.points };
  }

  dispose(): void {
    this.#forget();
  }

  #forget(): void {
    this.#resources.clear();
    this.#heads = 0;
    this.#learnedBytes = 0;
    this.#series = new KnownSeries(this.#seed);
    this.#purgedAt = this.#table.evicted;
  }

  #purge(): void {
    this.#series.purge();
    this.#purgedAt = this.#table.evicted;
    for (const { scopes } of this.#resources.values()) {
      for (const { metrics } of scopes.values()) {
        for (const metric of metrics.values()) if (metric.points?.series.some(isEvicted)) this.#forgetPoints(metric);
      }
    }
  }

  #resourceMetrics(reader: WireReader, end: number, draft: BatchDraft): void {
    const head = findField(reader, 1, end);
    const key = head === undefined ? "" : reader.bytes.latin1Slice(head.from, head.to);
    let known = this.#resources.get(key);
    if (known === undefined) {
      this.#heads++;
      known = { resource: readResource(reader, head, this.#table), scopes: new Map() };
      this.#resources.set(key, known);
    }
    while (reader.at < end) {
      const field = reader.varint();
      if (field === tag(2, LENGTH)) this.#scopeMetrics(reader, reader.lengthEnd(end), known, draft);
      else reader.skip(field & 7, end);
    }
  }

  #scopeMetrics(reader: WireReader, end: number, { resource, scopes }: KnownResource, draft: BatchDraft): void {
    const head = findField(reader, 1, end);
    const key = head === undefined ? "" : reader.bytes.latin1Slice(head.from, head.to);
    let known = scopes.get(key);
    if (known === undefined) {
      this.#heads++;
      known = { resource, scope: readScope(reader, head, this.#table), metrics: new Map(), last: new Map() };
      scopes.set(key, known);
    }
    while (reader.at < end) {
      const field = reader.varint();
      if (field === tag(2, LENGTH)) this.#metric(reader, reader.lengthEnd(end), known, draft);
      else reader.skip(field & 7, end);
    }
  }

  #metric(reader: WireReader, end: number, ofScope: KnownScope, draft: BatchDraft): void {
    const found = findData(reader, end);
    if (found === undefined) return;
    const last = ofScope.last.get(found.key);
    if (last === undefined || !this.#readAsKnown(reader, found, last, draft)) {
      this.#readPoints(reader, found, this.#known(reader, found, end, ofScope), draft);
    }
    reader.at = end;
  }

  #known(reader: WireReader, found: FoundData, end: number, ofScope: KnownScope): KnownMetric {
    const tail = readTail(reader, found);
    const key = `${tail.temporality}${tail.monotonic ? "+" : "-"}${found.key}`;
    let known = ofScope.metrics.get(key);
    if (known === undefined) {
      this.#heads++;
      const head = readHead(reader, found, tail, end);
      known = {
        head,
        scope: ofScope,
        int: undefined,
        double: undefined,
        points: undefined,
        touched: 0,
        misses: 0,
        wait: 0,
      };
      ofScope.metrics.set(key, known);
    }
    ofScope.last.set(found.key, known);
    return known;
  }

  /** Reads what is as it was the last time but for its numbers; false where it is not. */
  #readAsKnown(reader: WireReader, { from, to }: FoundData, known: KnownMetric, draft: BatchDraft): boolean {
    const { points } = known;
    const read = points?.read(reader, from, to);
    if (read === undefined) return false;
    const { series } = points!;
    if (known.touched !== this.#table.generation && series.some(isEvicted)) {
      this.#forgetPoints(known);
      return false;
    }
    known.misses = 0;
    reader.items.take(series.length);
    if (known.touched !== this.#table.generation) {
      for (const each of series) this.#table.touch(each);
      known.touched = this.#table.generation;
    }
    if (read instanceof Row) draft.addRow(read);
    else for (const point of read) draft.addPoint(point);
    return true;
  }

  #readPoints(reader: WireReader, { type, from, to }: FoundData, known: KnownMetric, draft: BatchDraft): void {
    const isNumber = type === "gauge" || type === "sum";
    const before = draft.points.length;
    reader.at = from;
    while (reader.at < to) {
      const field = reader.varint();
      if (field === tag(1, LENGTH)) {
        const pointEnd = reader.lengthEnd(to);
        reader.items.take();
        const point = isNumber ? this.#number(reader, pointEnd, known) : this.#other(reader, pointEnd, known);
        if (point !== undefined) draft.addPoint(point);
      } else reader.skip(field & 7, to);
    }
    if (isNumber) this.#learn(known, reader.bytes.subarray(from, to), draft.points, before);
  }

  /** Who tells something else each time is learned less and less often. */
  #learn(known: KnownMetric, data: Uint8Array, points: readonly Point[], from: number): void {
    if (known.wait > 0) {
      known.wait--;
      return;
    }
    this.#forgetPoints(known);
    known.misses = Math.min(known.misses + 1, MISSES_MAX);
    known.wait = 2 ** (known.misses - 1) - 1;
    if (points.length - from < LEARNED_POINTS_MIN || this.#learnedBytes + data.length > LEARNED_BYTES_MAX) return;
    const series: Series[] = [];
    for (let index = from; index < points.length; index++) series.push(points[index]!.series);
    known.points = KnownPoints.of(data, series);
    known.touched = this.#table.generation;
    this.#learnedBytes += known.points?.size ?? 0;
  }

  #forgetPoints(known: KnownMetric): void {
    this.#learnedBytes -= known.points?.size ?? 0;
    known.points = undefined;
  }

  #number(reader: WireReader, end: number, known: KnownMetric): Point | undefined {
    let start = 0;
    let time = 0;
    let value = 0;
    let isInt = false;
    let from = 0;
    let to = 0;
    let parts: Buffer[] | undefined;
    let rare: RareFields | undefined;
    while (reader.at < end) {
      const fieldAt = reader.at;
      const field = reader.varint();
      switch (field) {
        case tag(2, FIXED64):
          start = reader.nanosAsMs();
          break;
        case tag(3, FIXED64):
          time = reader.nanosAsMs();
          break;
        case tag(4, FIXED64):
          value = reader.double();
          isInt = false;
          break;
        case tag(6, FIXED64):
          value = reader.sfixed64();
          isInt = true;
          break;
        case tag(7, LENGTH):
          reader.at = reader.lengthEnd(end);
          if (to === fieldAt && parts === undefined) to = reader.at;
          else if (to === 0) {
            from = fieldAt;
            to = reader.at;
          } else {
            // Attributes with something in between.
            parts ??= [reader.bytes.subarray(from, to)];
            parts.push(reader.bytes.subarray(fieldAt, reader.at));
          }
          break;
        case tag(5, LENGTH):
          rare ??= {};
          rare.exemplars ??= [];
          rare.exemplars.push(readExemplar(reader, reader.lengthEnd(end)));
          break;
        case tag(8, VARINT):
          if ((reader.varint() & 1) === 1) {
            rare ??= {};
            rare.noRecordedValue = true;
          }
          break;
        default:
          reader.skip(field & 7, end);
      }
    }
    if (reader.at !== end) throw new WireError("a field is longer than what it is in");
    const typed = isInt ? this.#typed(known, "int") : this.#typed(known, "double");
    const series =
      parts === undefined ? this.#seriesOf(typed, reader, from, to, 7) : this.#seriesOfParts(typed, parts, 7);
    if (series === undefined) return undefined;
    return rare === undefined
      ? { series, start, time, value }
      : { series, start, time, value, extra: rare as PointExtra };
  }

  /** The rarer types: read whole. */
  #other(reader: WireReader, end: number, known: KnownMetric): Point | undefined {
    const rare: RareFields = {};
    const read = READ_OTHER[known.head.type as keyof typeof READ_OTHER];
    const { value, start, time, attributes, attributeField } = read(reader, end, rare);
    const { from, to, parts } = attributes;
    const typed = this.#typed(known, "double");
    const series =
      parts === undefined
        ? this.#seriesOf(typed, reader, from, to, attributeField)
        : this.#seriesOfParts(typed, parts, attributeField);
    if (series === undefined) return undefined;
    const isPlain = rare.exemplars === undefined && rare.noRecordedValue === undefined;
    return isPlain ? { series, start, time, value } : { series, start, time, value, extra: rare as PointExtra };
  }

  #typed(known: KnownMetric, number: "int" | "double"): SeriesOwner {
    let typed = known[number];
    if (typed === undefined) {
      const { resource, scope } = known.scope;
      typed = { id: this.#types++, resource, scope, metric: this.#table.metric({ ...known.head, number }) };
      known[number] = typed;
    }
    return typed;
  }

  #seriesOf(typed: SeriesOwner, reader: WireReader, from: number, to: number, field: number): Series | undefined {
    const known = this.#series.find(typed, reader, from, to);
    if (known !== undefined) {
      this.#table.touch(known);
      return known;
    }
    const attributes = this.#attributes(reader.bytes.subarray(from, to), field);
    const { size } = this.#table;
    const series = this.#source.series(typed.resource, typed.scope, typed.metric, attributes);
    // One that is new may well come in the same order from now on, and then is never looked up.
    if (series !== undefined && this.#table.size === size) this.#series.add(typed, reader, from, to, series);
    return series;
  }

  /** Of attributes that do not stand in one piece: their bytes together are the key. */
  #seriesOfParts(typed: SeriesOwner, parts: readonly Buffer[], field: number): Series | undefined {
    const reader = new WireReader(Buffer.concat(parts));
    return this.#seriesOf(typed, reader, 0, reader.bytes.length, field);
  }

  /** The attributes whose fields these bytes are. */
  #attributes(bytes: Buffer, field: number): Record<string, AttributeValue> {
    const attributes: Record<string, AttributeValue> = {};
    if (bytes.length === 0) return attributes;
    const reader = new WireReader(bytes, undefined, this.#texts);
    while (reader.at < bytes.length) {
      const found = reader.varint();
      if (found === tag(field, LENGTH)) readKeyValue(reader, reader.lengthEnd(bytes.length), attributes);
      else reader.skip(found & 7, bytes.length);
    }
    return attributes;
  }
}

const READ_OTHER = {
  histogram: readHistogram,
  exponential_histogram: readExponentialHistogram,
  summary: readSummary,
} as const satisfies Partial<Record<MetricType, (reader: WireReader, end: number, rare: RareFields) => OtherPoint>>;

interface KnownResource {
  readonly resource: Resource;
  readonly scopes: Map<string, KnownScope>;
}

interface KnownScope {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metrics: Map<string, KnownMetric>;
  /** By what stands in front of the data: the temporality, behind it, is nearly always the same. */
  readonly last: Map<string, KnownMetric>;
}

/** OTLP tells for each point whether its number is whole, the model for each metric: so a metric can be two. */
interface KnownMetric {
  readonly head: MetricHead;
  readonly scope: KnownScope;
  int: SeriesOwner | undefined;
  double: SeriesOwner | undefined;
  /** All points of the last time that was learned. */
  points: KnownPoints | undefined;
  /** The generation in which its series were touched. */
  touched: number;
  /** How often in a row something else came than what was learned, and how often more nothing is to be learned. */
  misses: number;
  wait: number;
}
