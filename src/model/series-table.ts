import { type Attributes, attributesKey, NO_ATTRIBUTES } from "./attributes.ts";
import { AttributesIndex, areSame } from "./attributes-index.ts";
import {
  EVICTED,
  type Lease,
  type MemberBehaviour,
  type Metric,
  type Resource,
  type Scope,
  type Series,
  type Source,
  type Stream,
  type StreamMember,
} from "./series.ts";

/**
 * The agent's one table of series: whatever is equal is one object here, and is compared by reference from then on.
 *
 * What depends on a series alone is remembered in a `Memo`. `sweep` forgets series that nobody used for a while, in the
 * table and in all memos at once; a series that holds something worth keeping (a total) is pinned by its holder.
 */
export class SeriesTable {
  readonly #resources = new Interned<Resource>();
  readonly #scopes = new Interned<Scope>();
  readonly #metrics = new Interned<Metric>();
  readonly #series = new Map<Resource, Map<Scope, Map<Metric, AttributesIndex<Series>>>>();
  readonly #streams = new Map<string, Stream>();
  readonly #memos = new Set<SeriesMemo<unknown>>();
  #nextId = 0;
  #size = 0;
  #generation = 0;
  #evicted = 0;
  readonly #seed: number;

  /** `seed`: any whole number, unknown to those who send attributes; see `AttributesIndex`. */
  constructor(seed = 0) {
    this.#seed = seed;
  }

  /** How many series are alive. */
  get size(): number {
    return this.#size;
  }

  /** Another one since each sweep: what was touched in it need not be touched again. */
  get generation(): number {
    return this.#generation;
  }

  /** How many series were forgotten until now. */
  get evicted(): number {
    return this.#evicted;
  }

  resource(attributes: Attributes): Resource {
    return this.#resources.intern(attributesKey(attributes), () => ({ attributes }));
  }

  scope(name: string, version = "", attributes: Attributes = NO_ATTRIBUTES): Scope {
    const key = `${JSON.stringify([name, version])}${attributesKey(attributes)}`;
    return this.#scopes.intern(key, () => ({ name, version, attributes }));
  }

  /** Metrics that differ in their description alone are still different metrics here; exporters settle such conflicts. */
  metric(metric: Metric): Metric {
    const { name, unit, description, type, monotonic, temporality, number } = metric;
    const key = JSON.stringify([name, unit, description, type, monotonic, temporality, number]);
    return this.#metrics.intern(key, () => ({ name, unit, description, type, monotonic, temporality, number }));
  }

  /** The series of this identity. The parts must be interned in this table. */
  series(resource: Resource, scope: Scope, metric: Metric, attributes: Attributes): Series {
    const known = this.find(resource, scope, metric, attributes);
    if (known === undefined) {
      return this.#add(new LoneSeries(this.#nextId++, resource, scope, metric, attributes, this.#generation));
    }
    known.lease.touched = this.#generation;
    return known;
  }

  /** The series of this identity, where there is one. */
  find(resource: Resource, scope: Scope, metric: Metric, attributes: Attributes): Series | undefined {
    return this.#series.get(resource)?.get(scope)?.get(metric)?.get(attributes);
  }

  /**
   * The stream of this key, with its series. The members' identities must not be in use outside a stream; a stream of
   * the same key and other members (the configured resource changed) replaces the one that was here.
   */
  stream(key: string, source: Source, client: string | undefined, members: readonly MemberIdentity[]): Stream {
    const known = this.#streams.get(key);
    if (known !== undefined && sameMembers(known, members)) {
      this.touch(known.members[0]!.series);
      return known;
    }
    const lease: Lease = { touched: this.#generation, pins: 0 };
    const made: StreamMember[] = [];
    const madeSeries: Series[] = [];
    const stream: Stream = {
      id: this.#nextId,
      key,
      source,
      ...(client === undefined ? {} : { client }),
      members: made,
      series: madeSeries,
    };
    for (const { resource, scope, metric, attributes, behaviour, uncertain } of members) {
      const series = this.#add({ id: this.#nextId++, resource, scope, metric, attributes, stream, lease });
      madeSeries.push(series);
      made.push({
        series,
        behaviour,
        ...(uncertain === undefined ? {} : { uncertain: this.#companion(uncertain, lease) }),
      });
    }
    this.#streams.set(key, stream);
    return stream;
  }

  /** Marks a series, and with it its whole stream, as used; for whoever keeps series instead of looking them up. */
  touch({ lease }: Series): void {
    if (lease.touched !== EVICTED) lease.touched = this.#generation;
  }

  /** Keeps series (and their streams) from being swept until the returned function is called. */
  pin(...series: readonly Series[]): () => void {
    for (const { lease } of series) lease.pins++;
    let pinned = true;
    return () => {
      if (pinned) for (const { lease } of series) lease.pins--;
      pinned = false;
    };
  }

  /** As `pin`, for one of very many: whoever calls it calls `release` once. */
  retain({ lease }: Series): void {
    lease.pins++;
  }

  release({ lease }: Series): void {
    lease.pins--;
  }

  /** Something remembered for each series. `onEvict` hears of what is forgotten when its series is swept. */
  memo<T>(onEvict?: (series: Series, value: T) => void): Memo<T> {
    const memo = new SeriesMemo<T>(onEvict, () => this.#memos.delete(memo as SeriesMemo<unknown>));
    this.#memos.add(memo as SeriesMemo<unknown>);
    return memo;
  }

  /**
   * Begins a new generation and forgets every series, not pinned, that was last used `generationsMax` generations ago
   * or earlier. Returns how many were forgotten.
   */
  sweep(generationsMax: number): number {
    const oldest = this.#generation - generationsMax;
    this.#generation++;
    let evicted = 0;
    const gone = (series: Series) => series.lease.pins === 0 && series.lease.touched <= oldest;
    for (const [resource, byScope] of this.#series) {
      for (const [scope, byMetric] of byScope) {
        for (const [metric, byAttributes] of byMetric) {
          byAttributes.deleteWhere((series) => {
            if (!gone(series)) return false;
            series.lease.touched = EVICTED;
            for (const memo of this.#memos) memo.evict(series);
            evicted++;
            return true;
          });
          if (byAttributes.size === 0) byMetric.delete(metric);
        }
        if (byMetric.size === 0) byScope.delete(scope);
      }
      if (byScope.size === 0) this.#series.delete(resource);
    }
    for (const interned of [this.#resources, this.#scopes, this.#metrics]) interned.sweep();
    for (const [key, stream] of this.#streams) {
      if (gone(stream.members[0]!.series)) this.#streams.delete(key);
    }
    this.#size -= evicted;
    this.#evicted += evicted;
    return evicted;
  }

  /** A series that lives as long as a stream without being a member of it. */
  #companion({ resource, scope, metric, attributes }: SeriesIdentity, lease: Lease): Series {
    const known = this.find(resource, scope, metric, attributes);
    return known ?? this.#add({ id: this.#nextId++, resource, scope, metric, attributes, lease });
  }

  /** In the place of one of the same identity, if there is one. */
  #add(series: Series): Series {
    const { resource, scope, metric } = series;
    if (this.#attributesOf(resource, scope, metric).set(series) === undefined) this.#size++;
    return series;
  }

  #attributesOf(resource: Resource, scope: Scope, metric: Metric): AttributesIndex<Series> {
    const byScope = intern(this.#series, resource, () => new Map<Scope, Map<Metric, AttributesIndex<Series>>>());
    const byMetric = intern(byScope, scope, () => new Map<Metric, AttributesIndex<Series>>());
    return intern(byMetric, metric, () => new AttributesIndex<Series>(this.#seed));
  }
}

/** A series that belongs to no stream: most of OTLP's. It is its own lease, which saves an object for each. */
class LoneSeries implements Series, Lease {
  readonly id: number;
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metric: Metric;
  readonly attributes: Attributes;
  touched: number;
  pins = 0;

  constructor(id: number, resource: Resource, scope: Scope, metric: Metric, attributes: Attributes, touched: number) {
    this.id = id;
    this.resource = resource;
    this.scope = scope;
    this.metric = metric;
    this.attributes = attributes;
    this.touched = touched;
  }

  get lease(): Lease {
    return this;
  }
}

/** The parts of a series, interned in the same table. */
export interface SeriesIdentity {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metric: Metric;
  readonly attributes: Attributes;
}

/** What a stream is asked for with, for each member. */
export interface MemberIdentity extends SeriesIdentity {
  readonly behaviour: MemberBehaviour;
  readonly uncertain?: SeriesIdentity;
}

/** One remembered value for each series, found by `series.id`. */
export interface Memo<T> {
  /** Of a stream, what is remembered of the first of its series. */
  get(series: Series | Stream): T | undefined;
  set(series: Series, value: T): void;
  delete(series: Series): void;
  /** Ends the memo: the table no longer tells it of evictions. */
  dispose(): void;
}

/** So many values stand together. Series of one kind are mostly made one after the other, so most pages are full or not there. */
const PAGE_SIZE = 256;
const PAGE_BITS = 8;
const PAGE_MASK = PAGE_SIZE - 1;

interface Page<T> {
  readonly values: (T | undefined)[];
  /** How many of them there are. */
  count: number;
}

class SeriesMemo<T> implements Memo<T> {
  readonly #pages: (Page<T> | undefined)[] = [];
  readonly #onEvict: ((series: Series, value: T) => void) | undefined;
  readonly #onDispose: () => void;

  constructor(onEvict: ((series: Series, value: T) => void) | undefined, onDispose: () => void) {
    this.#onEvict = onEvict;
    this.#onDispose = onDispose;
  }

  get({ id }: Series | Stream): T | undefined {
    return this.#pages[id >>> PAGE_BITS]?.values[id & PAGE_MASK];
  }

  set({ id }: Series, value: T): void {
    const page = this.#page(id >>> PAGE_BITS);
    if (page.values[id & PAGE_MASK] === undefined) page.count++;
    page.values[id & PAGE_MASK] = value;
  }

  delete({ id }: Series): void {
    const number = id >>> PAGE_BITS;
    const page = this.#pages[number];
    if (page?.values[id & PAGE_MASK] === undefined) return;
    page.values[id & PAGE_MASK] = undefined;
    page.count--;
    if (page.count === 0) this.#pages[number] = undefined;
  }

  evict(series: Series): void {
    const value = this.get(series);
    if (value === undefined) return;
    this.delete(series);
    this.#onEvict?.(series, value);
  }

  dispose(): void {
    this.#pages.length = 0;
    this.#onDispose();
  }

  #page(number: number): Page<T> {
    // Filled with undefined up to there, so that the list stays a fast one, without holes.
    while (this.#pages.length <= number) this.#pages.push(undefined);
    let page = this.#pages[number];
    if (page === undefined) {
      page = { values: new Array<T | undefined>(PAGE_SIZE).fill(undefined), count: 0 };
      this.#pages[number] = page;
    }
    return page;
  }
}

function sameMembers(stream: Stream, members: readonly MemberIdentity[]): boolean {
  return (
    stream.members.length === members.length &&
    stream.members.every(({ series, behaviour }, index) => {
      const other = members[index]!;
      return (
        series.resource === other.resource &&
        series.scope === other.scope &&
        series.metric === other.metric &&
        behaviour === other.behaviour &&
        areSame(series.attributes, other.attributes)
      );
    })
  );
}

function intern<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/**
 * What is equal is one object for as long as anybody holds it: a series, a span that waits, a reader's memory. So whoever
 * keeps one after its last series was swept still has the only one.
 */
class Interned<T extends object> {
  readonly #known = new Map<string, WeakRef<T>>();

  intern(key: string, make: () => T): T {
    const known = this.#known.get(key)?.deref();
    if (known !== undefined) return known;
    const made = make();
    this.#known.set(key, new WeakRef(made));
    return made;
  }

  /** Gives back the places of what nobody holds any more. */
  sweep(): void {
    for (const [key, known] of this.#known) if (known.deref() === undefined) this.#known.delete(key);
  }
}
