import type { MetricsBatch, Point, Row } from "../points.ts";
import type { Metric, Resource, Scope, Series } from "../series.ts";
import type { Memo, SeriesTable } from "../series-table.ts";
import { attributesSize, lengthField, writeAttributes } from "./attributes-codec.ts";
import { resourceHead, scopeHead } from "./heads.ts";
import { DATA_FIELD, rarePointBytes } from "./rare-points.ts";
import { FIXED64, fieldSize, LENGTH, tag, VARINT, varintSize, WireWriter } from "./wire-writer.ts";

/** What a point of a sum or gauge consists of before its attributes: start, time and value, each behind its tag. */
const NUMBERS_BYTES = 27;
const START_TAG = tag(2, FIXED64);
const TIME_TAG = tag(3, FIXED64);
const DOUBLE_TAG = tag(4, FIXED64);
const INT_TAG = tag(6, FIXED64);
const NO_BYTES = new Uint8Array(0);
const NO_POINTS: Points = { bytes: NO_BYTES, numbersAt: new Uint32Array(0) };
/** Where they stand there, the last one with its tag, which tells its kind. */
const START_AT = 1;
const TIME_AT = 10;
const VALUE_TAG_AT = 18;
/** Rows of fewer points are those of streams, of several metrics. */
const BLOCK_POINTS_MIN = 16;
const TEMPLATE_BYTES_USUAL = 128;

/**
 * Writes metrics as OTLP's `ExportMetricsServiceRequest`. All that depends on the series alone is remembered as bytes: a
 * whole data point, in which three numbers are written anew, and the heads of metrics, scopes and resources. So a point
 * costs a copy of a hundred bytes, and a long row of one metric a single copy of all of its points.
 *
 * Times are written to the quarter of a microsecond that a point's milliseconds have, or exactly where the point carries
 * exact nanoseconds. A start of 0 is written as 0, which is what its absence means.
 */
export class MetricsWriter {
  readonly #known: Memo<KnownSeries>;
  /** By the first of their series. */
  readonly #blocks: Memo<Block>;
  readonly #resources = new WeakMap<Resource, ResourceGroup>();
  readonly #open: ResourceGroup[] = [];

  constructor(table: SeriesTable) {
    this.#known = table.memo<KnownSeries>();
    this.#blocks = table.memo<Block>();
  }

  write({ rows, points }: MetricsBatch): Uint8Array {
    for (const row of rows) {
      if (this.#addBlock(row)) continue;
      const { series, start, time, values } = row;
      for (let index = 0; index < series.length; index++) {
        const value = values[index]!;
        if (!Number.isNaN(value)) this.#add(series[index]!, start, time, value, undefined);
      }
    }
    for (const point of points) {
      if (typeof point.value === "number" && point.extra === undefined) {
        this.#add(point.series, point.start, point.time, point.value, undefined);
      } else this.#addRare(point);
    }
    return this.#written();
  }

  dispose(): void {
    this.#known.dispose();
    this.#blocks.dispose();
  }

  /** False where a row is small, or not of one metric, or has no value somewhere. */
  #addBlock(row: Row): boolean {
    if (row.series.length < BLOCK_POINTS_MIN) return false;
    const block = this.#blockOf(row.series);
    if (block.group === undefined || row.values.some(Number.isNaN)) return false;
    const { group } = block;
    const { entries } = group;
    if (group.size === 0) this.#openUp(group);
    entries.blocks ??= new Map();
    entries.blocks.set(entries.known.length, { block, row });
    entries.known.push(undefined);
    entries.starts.push(0);
    entries.times.push(0);
    entries.values.push(0);
    group.size += block.bytes.length;
    return true;
  }

  #blockOf(series: readonly Series[]): Block {
    let block = this.#blocks.get(series[0]!);
    if (block?.series !== series) {
      const { resource, scope, metric } = series[0]!;
      const isOne = series.every(
        (each) => each.metric === metric && each.resource === resource && each.scope === scope,
      );
      block = isOne ? blockOf(series, this.#groupOf(series[0]!)) : { series, group: undefined, ...NO_POINTS };
      this.#blocks.set(series[0]!, block);
      // They came alone until now, and seldom will again.
      if (isOne) for (const each of series) this.#known.delete(each);
    }
    return block;
  }

  #addRare(point: Point): void {
    const { template, numbersAt } = this.#knownOf(point.series);
    const attributes = template.subarray(numbersAt + NUMBERS_BYTES);
    this.#add(point.series, 0, 0, 0, rarePointBytes(point, attributes));
  }

  #add(series: Series, start: number, time: number, value: number, rare: Uint8Array | undefined): void {
    const known = this.#knownOf(series);
    const { group } = known;
    if (group.size === 0) this.#openUp(group);
    const entry = group.entries;
    entry.known.push(known);
    entry.starts.push(start);
    entry.times.push(time);
    entry.values.push(value);
    if (rare !== undefined) {
      entry.rare ??= new Map();
      entry.rare.set(entry.known.length - 1, rare);
      group.size += 1 + varintSize(rare.length) + rare.length;
    } else group.size += known.template.length;
  }

  #openUp(group: MetricGroup): void {
    const { scope } = group;
    if (scope.open.length === 0) {
      if (scope.resource.open.length === 0) this.#open.push(scope.resource);
      scope.resource.open.push(scope);
    }
    scope.open.push(group);
  }

  #written(): Uint8Array {
    let total = 0;
    for (const resource of this.#open) {
      resource.size = resource.head.length;
      for (const scope of resource.open) {
        scope.size = scope.head.length;
        for (const group of scope.open) scope.size += fieldSize(metricSize(group));
        resource.size += fieldSize(scope.size);
      }
      total += fieldSize(resource.size);
    }
    const writer = new WireWriter(total);
    for (const resource of this.#open) {
      writer.byte(tag(1, LENGTH));
      writer.varint(resource.size);
      writer.raw(resource.head);
      for (const scope of resource.open) {
        writer.byte(tag(2, LENGTH));
        writer.varint(scope.size);
        writer.raw(scope.head);
        for (const group of scope.open) writeMetric(writer, group);
        scope.open.length = 0;
      }
      resource.open.length = 0;
    }
    this.#open.length = 0;
    return writer.finish();
  }

  #knownOf(series: Series): KnownSeries {
    let known = this.#known.get(series);
    if (known === undefined) {
      known = knownSeries(series, this.#groupOf(series));
      this.#known.set(series, known);
    }
    return known;
  }

  #groupOf({ resource, scope, metric }: Series): MetricGroup {
    let ofResource = this.#resources.get(resource);
    if (ofResource === undefined) {
      ofResource = { head: resourceHead(resource), scopes: new WeakMap(), open: [], size: 0 };
      this.#resources.set(resource, ofResource);
    }
    let ofScope = ofResource.scopes.get(scope);
    if (ofScope === undefined) {
      ofScope = { resource: ofResource, head: scopeHead(scope), metrics: new WeakMap(), open: [], size: 0 };
      ofResource.scopes.set(scope, ofScope);
    }
    let group = ofScope.metrics.get(metric);
    if (group === undefined) {
      group = metricGroup(metric, ofScope);
      ofScope.metrics.set(metric, group);
    }
    return group;
  }
}

interface KnownSeries {
  readonly group: MetricGroup;
  /** The point as a field of its metric: tag, length, three numbers to be filled in, attributes. */
  readonly template: Uint8Array;
  /** Where its numbers begin. */
  readonly numbersAt: number;
  readonly isInt: boolean;
}

/** The points of a list of series that comes in rows, one behind the other. */
interface Block extends Points {
  readonly series: readonly Series[];
  /** Undefined where they are not all of one metric of one scope of one resource. */
  readonly group: MetricGroup | undefined;
}

interface Points {
  /** Points as fields of their metric, with numbers to be filled in. */
  readonly bytes: Uint8Array;
  /** Where the numbers of each begin. */
  readonly numbersAt: Uint32Array;
}

/** What is being written of one metric of one scope of one resource; empty in between. */
interface MetricGroup {
  readonly scope: ScopeGroup;
  /** Name, description and unit. */
  readonly head: Uint8Array;
  /** The number of the field that holds its points' message. */
  readonly dataField: number;
  /** Temporality and monotonicity, behind the points. */
  readonly tail: Uint8Array;
  readonly entries: Entries;
  /** The bytes of its points, each with tag and length. */
  size: number;
}

interface Entries {
  /** Undefined in the place of a whole row. */
  readonly known: (KnownSeries | undefined)[];
  readonly starts: number[];
  readonly times: number[];
  readonly values: number[];
  /** Points that were written whole, by their place. */
  rare: Map<number, Uint8Array> | undefined;
  /** Rows that are written whole, by their place. */
  blocks: Map<number, { readonly block: Block; readonly row: Row }> | undefined;
}

interface ScopeGroup {
  readonly resource: ResourceGroup;
  readonly head: Uint8Array;
  readonly metrics: WeakMap<Metric, MetricGroup>;
  readonly open: MetricGroup[];
  size: number;
}

interface ResourceGroup {
  readonly head: Uint8Array;
  readonly scopes: WeakMap<Scope, ScopeGroup>;
  readonly open: ScopeGroup[];
  size: number;
}

function metricSize({ head, size, tail }: MetricGroup): number {
  return head.length + fieldSize(size + tail.length);
}

function writeMetric(writer: WireWriter, group: MetricGroup): void {
  const { head, dataField, tail, entries } = group;
  writer.byte(tag(2, LENGTH));
  writer.varint(metricSize(group));
  writer.raw(head);
  writer.byte(tag(dataField, LENGTH));
  writer.varint(group.size + tail.length);
  const { known, starts, times, values, rare, blocks } = entries;
  for (let index = 0; index < known.length; index++) {
    const its = known[index];
    const bytes = rare?.get(index);
    if (bytes !== undefined) lengthField(writer, 1, bytes);
    else if (its !== undefined) writeNumberPoint(writer, its, starts[index]!, times[index]!, values[index]!);
    else {
      const { block, row } = blocks!.get(index)!;
      writeBlock(writer, block, row);
    }
  }
  writer.raw(tail);
  known.length = starts.length = times.length = values.length = 0;
  entries.rare = undefined;
  entries.blocks = undefined;
  group.size = 0;
}

function writeNumberPoint(writer: WireWriter, known: KnownSeries, start: number, time: number, value: number): void {
  const at = writer.at + known.numbersAt;
  writer.raw(known.template);
  writer.nanosAt(at + START_AT, start);
  writer.nanosAt(at + TIME_AT, time);
  writeValue(writer, at, known.isInt, value);
}

function writeBlock(writer: WireWriter, { series, bytes, numbersAt }: Block, { start, time, values }: Row): void {
  const from = writer.at;
  const isInt = series[0]!.metric.number === "int";
  const first = from + numbersAt[0]!;
  writer.raw(bytes);
  writer.nanosAt(first + START_AT, start);
  writer.nanosAt(first + TIME_AT, time);
  for (let index = 0; index < values.length; index++) {
    const at = from + numbersAt[index]!;
    writer.copyAt(at + START_AT, first + START_AT);
    writer.copyAt(at + TIME_AT, first + TIME_AT);
    writeValue(writer, at, isInt, values[index]!);
  }
}

function writeValue(writer: WireWriter, at: number, isInt: boolean, value: number): void {
  if (isInt && Number.isInteger(value)) {
    writer.byteAt(at + VALUE_TAG_AT, INT_TAG);
    writer.intAt(at + VALUE_TAG_AT + 1, value);
  } else {
    writer.byteAt(at + VALUE_TAG_AT, DOUBLE_TAG);
    writer.doubleAt(at + VALUE_TAG_AT + 1, value);
  }
}

function knownSeries(series: Series, group: MetricGroup): KnownSeries {
  const writer = new WireWriter(0);
  const numbersAt = writeTemplate(writer, series);
  return { group, template: writer.finish(), numbersAt, isInt: series.metric.number === "int" };
}

function blockOf(series: readonly Series[], group: MetricGroup): Block {
  const writer = new WireWriter(series.length * TEMPLATE_BYTES_USUAL);
  const numbersAt = Uint32Array.from(series, (each) => writeTemplate(writer, each));
  return { series, group, bytes: writer.finish().slice(), numbersAt };
}

/** A point as a field of its metric: tag, length, three numbers to be filled in, attributes. Tells where the numbers begin. */
function writeTemplate(writer: WireWriter, { attributes }: Series): number {
  const length = NUMBERS_BYTES + attributesSize(attributes);
  writer.reserve(fieldSize(length));
  writer.byte(tag(1, LENGTH));
  writer.varint(length);
  const numbersAt = writer.at;
  for (const field of [START_TAG, TIME_TAG, DOUBLE_TAG]) {
    writer.byte(field);
    writer.double(0);
  }
  writeAttributes(writer, attributes, 7);
  return numbersAt;
}

function metricGroup(metric: Metric, scope: ScopeGroup): MetricGroup {
  const head = new WireWriter(64);
  textField(head, 1, metric.name);
  textField(head, 2, metric.description);
  textField(head, 3, metric.unit);
  return {
    scope,
    head: head.finish(),
    dataField: DATA_FIELD[metric.type],
    tail: tailOf(metric),
    entries: { known: [], starts: [], times: [], values: [], rare: undefined, blocks: undefined },
    size: 0,
  };
}

const TEMPORALITY = { unspecified: 0, delta: 1, cumulative: 2 } as const;

function tailOf({ type, temporality, monotonic }: Metric): Uint8Array {
  if (type === "gauge" || type === "summary") return NO_BYTES;
  const writer = new WireWriter(4);
  writer.byte(tag(2, VARINT));
  writer.byte(TEMPORALITY[temporality]);
  if (type === "sum" && monotonic) {
    writer.byte(tag(3, VARINT));
    writer.byte(1);
  }
  return writer.finish();
}

function textField(writer: WireWriter, field: number, text: string): void {
  if (text !== "") lengthField(writer, field, Buffer.from(text));
}
