import { SpareBuffers } from "../../lib/spare-buffers.ts";
import { isWhole, type MetricsBatch, type Point, type Row } from "../points.ts";
import type { Metric, Resource, Scope, Series } from "../series.ts";
import type { Memo, SeriesTable } from "../series-table.ts";
import { lengthField } from "./attributes-codec.ts";
import { resourceHead, scopeHead } from "./heads.ts";
import {
  attributesOf,
  NO_MEMORY,
  type PointBlock,
  type PointTemplate,
  PointTemplates,
  pointBlock,
  TemplateCopies,
} from "./point-templates.ts";
import { DATA_FIELD, rarePointBytes } from "./rare-points.ts";
import { type EntryList, noEntries, type OtherEntry, RequestEntries } from "./request-entries.ts";
import { fieldSize, LENGTH, tag, VARINT, WireWriter } from "./wire-writer.ts";

const NO_BYTES = new Uint8Array(0);
/** Few requests are being written and compressed at a time, and large ones need not be held on to. */
const SPARE = { bytesMax: 4 * 1024 * 1024, countMax: 2 };
/** Rows of fewer points are those of streams, of several metrics. */
const BLOCK_POINTS_MIN = 16;

/**
 * Writes metrics as OTLP's `ExportMetricsServiceRequest`. All that depends on the series alone is remembered as bytes: a
 * whole data point, in which three numbers are written anew as soon as it comes, and the heads of metrics, scopes and
 * resources. Those of one metric lie behind one another, so that points in the order in which their series first came are
 * copied together, and a long row of one metric at once.
 *
 * Times are written to the quarter of a microsecond that a point's milliseconds have, or exactly where the point carries
 * exact nanoseconds. A start of 0 is written as 0, which is what its absence means.
 */
export class MetricsWriter {
  readonly #known: Memo<KnownSeries>;
  /** By their list. */
  readonly #blocks = new WeakMap<readonly Series[], Block>();
  readonly #resources = new WeakMap<Resource, ResourceGroup>();
  readonly #open: ResourceGroup[] = [];
  readonly #spare = new SpareBuffers(SPARE);
  readonly #entries = new RequestEntries();
  readonly #copies = new TemplateCopies();
  /** The number of the request that is being written. */
  #request = 1;

  constructor(table: SeriesTable) {
    this.#known = table.memo<KnownSeries>();
  }

  write({ rows, points }: MetricsBatch): Uint8Array {
    for (const row of rows) if (!this.#addBlock(row)) this.#addEach(row);
    for (const point of points) {
      if (typeof point.value === "number" && point.extra === undefined) {
        this.#add(point.series, point.start, point.time, point.value);
      } else this.#addRare(point);
    }
    return this.#written();
  }

  /** Takes back the bytes of a request that nobody needs any more. */
  recycle(bytes: Uint8Array): void {
    this.#spare.give(bytes);
  }

  dispose(): void {
    this.#known.dispose();
  }

  /** False where a row is small, or not of one metric, or has no value somewhere. */
  #addBlock(row: Row): boolean {
    if (row.series.length < BLOCK_POINTS_MIN) return false;
    const block = this.#blockOf(row.series);
    if (block.points === undefined || !isWhole(row)) return false;
    const { group, points } = block;
    this.#addOther(group, points.bytes.length, { block: points, row });
    return true;
  }

  #blockOf(series: readonly Series[]): Block {
    let block = this.#blocks.get(series);
    if (block === undefined) {
      const { resource, scope, metric } = series[0]!;
      const isOne = series.every(
        (each) => each.metric === metric && each.resource === resource && each.scope === scope,
      );
      block = { group: this.#groupOf(series[0]!), points: isOne ? pointBlock(series) : undefined };
      this.#blocks.set(series, block);
      // They came alone until now, and seldom will again.
      if (isOne) for (const each of series) this.#known.delete(each);
    }
    return block;
  }

  #addEach({ series, start, time, values }: Row): void {
    for (let index = 0; index < series.length; index++) {
      const value = values[index]!;
      if (!Number.isNaN(value)) this.#add(series[index]!, start, time, value);
    }
  }

  #addRare(point: Point): void {
    const known = this.#knownOf(point.series);
    const bytes = rarePointBytes(point, attributesOf(known));
    this.#addOther(known.group, fieldSize(bytes.length), bytes);
  }

  #add(series: Series, start: number, time: number, value: number): void {
    const known = this.#knownOf(series);
    const { group } = known;
    if (group.size === 0) this.#openUp(group);
    group.size += known.to - known.from;
    const template = known.request === this.#request ? this.#copies.copy(known) : known;
    known.request = this.#request;
    this.#entries.add(group, template, start, time, value);
  }

  #addOther(group: MetricGroup, size: number, other: OtherEntry): void {
    if (group.size === 0) this.#openUp(group);
    group.size += size;
    this.#entries.addOther(group, other);
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
    const writer = new WireWriter(this.#spare.take(total));
    for (const resource of this.#open) {
      writer.byte(tag(1, LENGTH));
      writer.varint(resource.size);
      writer.raw(resource.head);
      for (const scope of resource.open) {
        writer.byte(tag(2, LENGTH));
        writer.varint(scope.size);
        writer.raw(scope.head);
        for (const group of scope.open) writeMetric(writer, group, this.#entries);
        scope.open.length = 0;
      }
      resource.open.length = 0;
    }
    this.#open.length = 0;
    this.#entries.clear();
    this.#request++;
    this.#copies.clear();
    return writer.finish();
  }

  #knownOf(series: Series): KnownSeries {
    const known = this.#known.get(series);
    if (known !== undefined && known.to > 0) return known;
    const group = known?.group ?? this.#groupOf(series);
    if (known === undefined) group.passing ??= new PointTemplates();
    const templates = known === undefined ? group.passing! : group.templates;
    const { memory, from, to, numbersAt } = templates.add(series);
    const made: KnownSeries = { group, memory, from, to, numbersAt, request: 0 };
    group.once ??= { ...made, from: 0, to: 0, memory: NO_MEMORY };
    this.#known.set(series, known === undefined ? group.once : made);
    return made;
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

interface KnownSeries extends PointTemplate {
  readonly group: MetricGroup;
  /** The last one that it was in. */
  request: number;
}

/** Of a list of series that comes in rows. */
interface Block {
  readonly group: MetricGroup;
  /** Undefined where they are not all of one metric of one scope of one resource. */
  readonly points: PointBlock | undefined;
}

/** What is being written of one metric of one scope of one resource; empty in between. */
interface MetricGroup extends EntryList {
  readonly scope: ScopeGroup;
  /** Name, description and unit. */
  readonly head: Uint8Array;
  /** The number of the field that holds its points' message. */
  readonly dataField: number;
  /** Temporality and monotonicity, behind the points. */
  readonly tail: Uint8Array;
  readonly templates: PointTemplates;
  /** Those of series that come for the first time, until they are written. */
  passing: PointTemplates | undefined;
  /** Of all series that came once, and have no template: they may well come in rows from now on. */
  once: KnownSeries | undefined;
  /** The bytes of its points, each with tag and length. */
  size: number;
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

function writeMetric(writer: WireWriter, group: MetricGroup, entries: RequestEntries): void {
  const { head, dataField, tail } = group;
  writer.byte(tag(2, LENGTH));
  writer.varint(metricSize(group));
  writer.raw(head);
  writer.byte(tag(dataField, LENGTH));
  writer.varint(group.size + tail.length);
  entries.write(writer, group);
  writer.raw(tail);
  group.size = 0;
  group.passing = undefined;
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
    templates: new PointTemplates(),
    ...noEntries(metric.number === "int"),
    passing: undefined,
    once: undefined,
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
