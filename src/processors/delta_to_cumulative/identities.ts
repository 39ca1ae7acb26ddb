import { archiveOf, type Codec, type StateScope, type Store, type Transaction } from "../../component/store.ts";
import type { Attributes } from "../../model/attributes.ts";
import type { MemberBehaviour, Metric, Resource, Scope, Series, StreamMember } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import {
  IdentityMaker,
  partsOfText,
  type SeriesShape,
  type Shape,
  StoredIdentity,
  shapeOfText,
  shortId,
} from "./stored-identity.ts";

export const shapeCodec: Codec<Shape> = {
  encode: ({ text }) => Buffer.from(text),
  decode: (bytes) => shapeOfText(textOf(bytes)),
};

/** Made of a text, or a `StoredIdentity` where nothing is encoded. */
interface IdentityRow {
  readonly text: string;
  readonly shapeId: string;
  readonly common: Attributes;
}

export const identityCodec: Codec<IdentityRow> = {
  encode: ({ text }) => Buffer.from(text),
  decode(bytes) {
    const text = textOf(bytes);
    return { text, ...partsOfText(text) };
  },
};

/** The stored identities of streams, sources or single series, and the exported series that are made of them. */
export class Identities {
  readonly #store: Store;
  readonly #table: SeriesTable;
  readonly #rows: StateScope<IdentityRow>;
  readonly #shapes: StateScope<Shape>;
  readonly #maker;
  /** The shapes that are in the store, or on their way there. */
  readonly #stored = new Map<string, Shape>();
  /** By what is reported. */
  readonly #cumulative = new WeakMap<Metric, Metric>();
  /** While everything is loaded: what the series table has made of each shape. */
  #interned: Map<SeriesShape, InternedShape> | undefined;

  constructor(store: Store, table: SeriesTable, name: string) {
    this.#store = store;
    this.#table = table;
    // In memory nothing is shorter than the text itself, which is there anyway.
    this.#maker = new IdentityMaker((text) => (store.durable ? shortId(text) : text));
    this.#rows = store.scope(identityCodec, `${name}_identities`);
    this.#shapes = store.scope(shapeCodec, `${name}_shapes`);
  }

  of(members: readonly StreamMember[]): StoredIdentity {
    return this.#maker.identityOf(members);
  }

  ofSeries(series: Series, behaviour: MemberBehaviour): StoredIdentity {
    return this.#maker.identityOfSeries(series, behaviour);
  }

  /** All of them, by key. */
  async load(signal: AbortSignal): Promise<ReadonlyMap<string, StoredIdentity>> {
    for (const [id, shape] of await this.#shapes.load(signal)) this.#stored.set(id, shape);
    return this.#made(await this.#rows.load(signal));
  }

  /** Those of these keys that are in the archive. */
  async findArchived(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, StoredIdentity>> {
    return this.#made(await this.#store.find(archiveOf(this.#rows), keys, signal));
  }

  archive(key: string, identity: StoredIdentity, transaction: Transaction): void {
    transaction.put(archiveOf(this.#rows), key, identity);
    transaction.delete(this.#rows, key);
  }

  unarchive(key: string, identity: StoredIdentity, transaction: Transaction): void {
    transaction.put(this.#rows, key, identity);
    transaction.delete(archiveOf(this.#rows), key);
  }

  put(key: string, identity: StoredIdentity, transaction: Transaction): void {
    const { shape } = identity;
    if (!this.#stored.has(shape.id)) {
      this.#stored.set(shape.id, shape);
      transaction.put(this.#shapes, shape.id, shape);
      transaction.onRolledBack(() => this.#stored.delete(shape.id));
    }
    transaction.put(this.#rows, key, identity);
  }

  delete(key: string, transaction: Transaction): void {
    transaction.delete(this.#rows, key);
  }

  /** The series that each member's total is exported as: the same, but cumulative. */
  exported({ shape, common }: StoredIdentity): readonly Series[] {
    const wholes = new Wholes(common);
    return shape.members.map(({ series }) => this.#series(series, wholes.of(series)));
  }

  /** Where what is uncertain of each member's total is told, if anywhere. */
  uncertain({ shape, common }: StoredIdentity): readonly (Series | undefined)[] {
    const wholes = new Wholes(common);
    return shape.members.map(({ uncertain }) => uncertain && this.#series(uncertain, wholes.of(uncertain)));
  }

  /** The same for what is reported; both have the very same attributes. */
  exportedAs({ resource, scope, metric, attributes }: Series): Series {
    return this.#table.series(resource, scope, this.#cumulativeOf(metric), attributes);
  }

  /** That one, where there is one. */
  findExported({ resource, scope, metric, attributes }: Series): Series | undefined {
    return this.#table.find(resource, scope, this.#cumulativeOf(metric), attributes);
  }

  exportedSeries(shape: SeriesShape, common: Attributes): Series {
    return this.#series(shape, wholeOf(common, shape.attributes));
  }

  /** Runs `load`, in which every series that is made is pinned at once, so that what is shared is looked up once. */
  whileLoading<T>(load: () => T): T {
    this.#interned = new Map();
    try {
      return load();
    } finally {
      this.#interned = undefined;
    }
  }

  #made(rows: ReadonlyMap<string, IdentityRow>): ReadonlyMap<string, StoredIdentity> {
    const identities = new Map<string, StoredIdentity>();
    for (const [key, { shapeId, common }] of rows) {
      // Without its shape, which then was set aside, a total waits until it is reported again.
      const shape = this.#stored.get(shapeId);
      if (shape !== undefined) identities.set(key, new StoredIdentity(shape, common));
    }
    return identities;
  }

  #series(shape: SeriesShape, attributes: Attributes): Series {
    const { resource, scope, metric } = this.#interned?.get(shape) ?? this.#intern(shape);
    return this.#table.series(resource, scope, metric, attributes);
  }

  #intern(shape: SeriesShape): InternedShape {
    const { resource, scope, metric } = shape;
    const interned = {
      resource: this.#table.resource(resource),
      scope: this.#table.scope(scope.name, scope.version, scope.attributes),
      metric: this.#table.metric(cumulative(metric)),
    };
    this.#interned?.set(shape, interned);
    return interned;
  }

  #cumulativeOf(metric: Metric): Metric {
    let made = this.#cumulative.get(metric);
    if (made === undefined) {
      made = this.#table.metric(cumulative(metric));
      this.#cumulative.set(metric, made);
    }
    return made;
  }
}

function cumulative(metric: Metric): Metric {
  return metric.type === "gauge" ? metric : { ...metric, temporality: "cumulative" };
}

interface InternedShape {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metric: Metric;
}

/** All attributes of the members of one identity, most of which differ in their metric alone. */
class Wholes {
  readonly #common: Attributes;
  readonly #made = new Map<Attributes, Attributes>();

  constructor(common: Attributes) {
    this.#common = common;
  }

  of({ attributes }: SeriesShape): Attributes {
    let whole = this.#made.get(attributes);
    if (whole === undefined) {
      whole = wholeOf(this.#common, attributes);
      this.#made.set(attributes, whole);
    }
    return whole;
  }
}

function wholeOf(common: Attributes, own: Attributes): Attributes {
  for (const _ in own) return { ...common, ...own };
  return common;
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
