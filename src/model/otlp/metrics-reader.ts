import type { AttributeValue } from "../attributes.ts";
import type { SeriesSource } from "../limited-series.ts";
import type { MetricsBatch, Point, PointExtra } from "../points.ts";
import type { Metric, MetricType, Resource, Scope, Series } from "../series.ts";
import type { Memo, SeriesTable } from "../series-table.ts";
import { readKeyValue } from "./attributes-codec.ts";
import { findField } from "./groups.ts";
import { readResource, readScope } from "./heads.ts";
import type { ItemBudget } from "./item-budget.ts";
import {
  type OtherPoint,
  type RareFields,
  readExemplar,
  readExponentialHistogram,
  readHistogram,
  readSummary,
} from "./rare-points-reader.ts";
import { WireError, WireReader } from "./wire-reader.ts";
import { FIXED64, LENGTH, tag, VARINT } from "./wire-writer.ts";

/** When more resources, scopes and metrics are known than this all is forgotten, and learned anew from what comes. */
const HEADS_MAX = 100_000;
/** One series can be written in many ways, its attributes in every order: so many of them are remembered. */
const PLACES_MAX = 8;

/**
 * Reads OTLP's `ExportMetricsServiceRequest` straight into interned series. What is known is found by its bytes: those of
 * the resource, the scope, the metric's head and the point's attributes are keys, so that of a point whose series is
 * known nothing is decoded but its numbers.
 *
 * Throws a `WireError` where the bytes are no such message. Exact to a quarter of a microsecond in times, and to 2^53 in
 * whole numbers.
 */
export class MetricsReader {
  readonly #table: SeriesTable;
  readonly #source: SeriesSource;
  readonly #resources = new Map<string, KnownResource>();
  #heads = 0;
  #places: Memo<Place[]>;

  /** `source`: where the series come from; points of those that it refuses are left out. */
  constructor(table: SeriesTable, source: SeriesSource = table) {
    this.#table = table;
    this.#source = source;
    this.#places = placesIn(table);
  }

  read(bytes: Uint8Array, items?: ItemBudget): MetricsBatch {
    if (this.#heads > HEADS_MAX) this.#forget();
    const reader = new WireReader(bytes, items);
    const points: Point[] = [];
    while (reader.at < bytes.length) {
      const field = reader.varint();
      if (field === tag(1, LENGTH)) this.#resourceMetrics(reader, reader.lengthEnd(bytes.length), points);
      else reader.skip(field & 7, bytes.length);
    }
    return { rows: [], points };
  }

  dispose(): void {
    this.#places.dispose();
    this.#resources.clear();
  }

  #forget(): void {
    this.#resources.clear();
    this.#heads = 0;
    this.#places.dispose();
    this.#places = placesIn(this.#table);
  }

  #resourceMetrics(reader: WireReader, end: number, points: Point[]): void {
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
      if (field === tag(2, LENGTH)) this.#scopeMetrics(reader, reader.lengthEnd(end), known, points);
      else reader.skip(field & 7, end);
    }
  }

  #scopeMetrics(reader: WireReader, end: number, { resource, scopes }: KnownResource, points: Point[]): void {
    const head = findField(reader, 1, end);
    const key = head === undefined ? "" : reader.bytes.latin1Slice(head.from, head.to);
    let known = scopes.get(key);
    if (known === undefined) {
      this.#heads++;
      known = { resource, scope: readScope(reader, head, this.#table), metrics: new Map() };
      scopes.set(key, known);
    }
    while (reader.at < end) {
      const field = reader.varint();
      if (field === tag(2, LENGTH)) this.#metric(reader, reader.lengthEnd(end), known, points);
      else reader.skip(field & 7, end);
    }
  }

  #metric(reader: WireReader, end: number, ofScope: KnownScope, points: Point[]): void {
    const found = findData(reader, end);
    if (found === undefined) return;
    const { type, from, to, temporality, monotonic, headKey } = found;
    const key = `${type}${temporality}${monotonic ? "+" : "-"}${headKey}`;
    let known = ofScope.metrics.get(key);
    if (known === undefined) {
      this.#heads++;
      known = { head: readHead(reader, found, end), scope: ofScope, int: undefined, double: undefined };
      ofScope.metrics.set(key, known);
    }
    reader.at = from;
    while (reader.at < to) {
      const field = reader.varint();
      if (field === tag(1, LENGTH)) {
        const pointEnd = reader.lengthEnd(to);
        reader.items.take();
        const isNumber = type === "gauge" || type === "sum";
        const point = isNumber ? this.#number(reader, pointEnd, known) : this.#other(reader, pointEnd, known);
        if (point !== undefined) points.push(point);
      } else reader.skip(field & 7, to);
    }
    reader.at = end;
  }

  #number(reader: WireReader, end: number, known: KnownMetric): Point | undefined {
    let start = 0;
    let time = 0;
    let value = 0;
    let isInt = false;
    let from = 0;
    let to = 0;
    let parts: string | undefined;
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
            // Attributes with something in between: their bytes together are the key.
            parts = (parts ?? reader.bytes.latin1Slice(from, to)) + reader.bytes.latin1Slice(fieldAt, reader.at);
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
    const key = parts ?? (to === 0 ? "" : reader.bytes.latin1Slice(from, to));
    const series = this.#seriesOf(isInt ? this.#typed(known, "int") : this.#typed(known, "double"), key, 7);
    if (series === undefined) return undefined;
    return rare === undefined
      ? { series, start, time, value }
      : { series, start, time, value, extra: rare as PointExtra };
  }

  /** The rarer types: read whole. */
  #other(reader: WireReader, end: number, known: KnownMetric): Point | undefined {
    const rare: RareFields = {};
    const read = READ_OTHER[known.head.type as keyof typeof READ_OTHER];
    const { value, start, time, attributeKey, attributeField } = read(reader, end, rare);
    const series = this.#seriesOf(this.#typed(known, "double"), attributeKey, attributeField);
    if (series === undefined) return undefined;
    const isPlain = rare.exemplars === undefined && rare.noRecordedValue === undefined;
    return isPlain ? { series, start, time, value } : { series, start, time, value, extra: rare as PointExtra };
  }

  #typed(known: KnownMetric, number: "int" | "double"): KnownType {
    let typed = known[number];
    if (typed === undefined) {
      const { resource, scope } = known.scope;
      typed = { resource, scope, metric: this.#table.metric({ ...known.head, number }), series: new Map() };
      known[number] = typed;
    }
    return typed;
  }

  #seriesOf(typed: KnownType, key: string, field: number): Series | undefined {
    const known = typed.series.get(key);
    if (known !== undefined) {
      this.#table.touch(known);
      return known;
    }
    const series = this.#source.series(typed.resource, typed.scope, typed.metric, attributesIn(key, field));
    if (series === undefined) return undefined;
    typed.series.set(key, series);
    const places = this.#places.get(series) ?? [];
    if (places.length >= PLACES_MAX) forgetPlace(places.shift()!);
    places.push({ series: typed.series, key });
    this.#places.set(series, places);
    return series;
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
}

type MetricHead = Omit<Metric, "number">;

/** OTLP tells for each point whether its number is whole, the model for each metric: so a metric can be two. */
interface KnownMetric {
  readonly head: MetricHead;
  readonly scope: KnownScope;
  int: KnownType | undefined;
  double: KnownType | undefined;
}

interface KnownType {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metric: Metric;
  readonly series: Map<string, Series>;
}

interface Place {
  readonly series: Map<string, Series>;
  readonly key: string;
}

function placesIn(table: SeriesTable): Memo<Place[]> {
  return table.memo<Place[]>((_, places) => places.forEach(forgetPlace));
}

function forgetPlace({ series, key }: Place): void {
  series.delete(key);
}

const TYPE_OF_FIELD: Readonly<Record<number, MetricType>> = {
  5: "gauge",
  7: "sum",
  9: "histogram",
  10: "exponential_histogram",
  11: "summary",
};

const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;

interface FoundData {
  readonly type: MetricType;
  readonly from: number;
  readonly to: number;
  readonly temporality: Metric["temporality"];
  readonly monotonic: boolean;
  /** The bytes of everything in the metric but its data. */
  readonly headKey: string;
  readonly metricFrom: number;
}

/** Looks through a metric for its data, and through that for what stands behind the points. */
function findData(reader: WireReader, end: number): FoundData | undefined {
  const metricFrom = reader.at;
  let type: MetricType | undefined;
  let dataAt = 0;
  let from = 0;
  let to = 0;
  while (reader.at < end) {
    const fieldAt = reader.at;
    const field = reader.varint();
    const its = (field & 7) === LENGTH ? TYPE_OF_FIELD[field >> 3] : undefined;
    if (its === undefined) {
      reader.skip(field & 7, end);
      continue;
    }
    type = its;
    dataAt = fieldAt;
    to = reader.lengthEnd(end);
    from = reader.at;
    reader.at = to;
  }
  if (type === undefined) return undefined;
  const { bytes } = reader;
  const headKey = bytes.latin1Slice(metricFrom, dataAt) + (to === end ? "" : bytes.latin1Slice(to, end));
  let temporality: Metric["temporality"] = "unspecified";
  let monotonic = false;
  reader.at = from;
  if (type !== "gauge" && type !== "summary") {
    while (reader.at < to) {
      const field = reader.varint();
      if (field === tag(2, VARINT)) temporality = TEMPORALITIES[reader.varint()] ?? "unspecified";
      else if (field === tag(3, VARINT) && type === "sum") monotonic = reader.varint() !== 0;
      else reader.skip(field & 7, to);
    }
  }
  return { type, from, to, temporality, monotonic, headKey, metricFrom };
}

function readHead(
  reader: WireReader,
  { type, temporality, monotonic, metricFrom }: FoundData,
  end: number,
): MetricHead {
  const texts = { 1: "", 2: "", 3: "" };
  reader.at = metricFrom;
  while (reader.at < end) {
    const field = reader.varint();
    if (field === tag(1, LENGTH) || field === tag(2, LENGTH) || field === tag(3, LENGTH)) {
      texts[(field >> 3) as 1 | 2 | 3] = reader.text(reader.lengthEnd(end));
    } else reader.skip(field & 7, end);
  }
  return { name: texts[1], description: texts[2], unit: texts[3], type, monotonic, temporality };
}

/** The attributes that were their fields' bytes. */
function attributesIn(key: string, field: number): Record<string, AttributeValue> {
  const attributes: Record<string, AttributeValue> = {};
  if (key === "") return attributes;
  const bytes = Buffer.from(key, "latin1");
  const reader = new WireReader(bytes);
  while (reader.at < bytes.length) {
    const found = reader.varint();
    if (found === tag(field, LENGTH)) readKeyValue(reader, reader.lengthEnd(bytes.length), attributes);
    else reader.skip(found & 7, bytes.length);
  }
  return attributes;
}
