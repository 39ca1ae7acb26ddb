import { hash } from "node:crypto";
import type { Attributes, AttributeValue } from "../../model/attributes.ts";
import type { MemberBehaviour, Metric, Scope, Series, StreamMember } from "../../model/series.ts";

/**
 * What it takes to make the exported series again after a restart, before anything was reported: GOST is silent about
 * idle clients, and their totals must not vanish.
 *
 * A hundred thousand clients differ in their names alone, so an identity is what all its series have in `common`, and the
 * shape of its series besides that; the shape is stored once.
 */
export class StoredIdentity {
  readonly shape: Shape;
  /** Where that can be, the very object that a series has. */
  readonly common: Attributes;

  constructor(shape: Shape, common: Attributes) {
    this.shape = shape;
    this.common = common;
  }

  get shapeId(): string {
    return this.shape.id;
  }

  /** Two identities are equal exactly when their texts are. Written anew each time, for it is longer than all the rest. */
  get text(): string {
    return jsonOf([VERSION, this.shape.id, sorted(this.common)]);
  }
}

export interface Shape {
  /** Made of its text, so that equal shapes are one, in whatever process they were met. Where none is stored, the text. */
  readonly id: string;
  readonly text: string;
  readonly members: readonly MemberShape[];
  /** Of the members, in their order. */
  readonly behaviours: readonly MemberBehaviour[];
}

export interface MemberShape {
  readonly behaviour: MemberBehaviour;
  readonly series: SeriesShape;
  readonly uncertain?: SeriesShape;
}

/** A series but for the attributes that it shares with all others of its identity; equal attributes are one object. */
export interface SeriesShape {
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: Attributes };
  readonly metric: Metric;
  readonly attributes: Attributes;
}

const VERSION = 1;

/** Makes identities of what is reported; remembers what many of them share. */
export class IdentityMaker {
  /** The `id` of a shape, by its text. */
  readonly #idOf: (text: string) => string;
  readonly #shapes = new Map<string, Shape>();
  /** The series that stand alone come metric by metric. */
  #last: { readonly series: Series; readonly behaviour: MemberBehaviour; readonly shape: Shape } | undefined;
  /** Of what the series table holds once, the JSON. */
  readonly #texts = new WeakMap<object, string>();

  constructor(idOf: (text: string) => string) {
    this.#idOf = idOf;
  }

  /** Of a series that stands alone: all that it has in common with others of its metric is the shape. */
  identityOfSeries(series: Series, behaviour: MemberBehaviour): StoredIdentity {
    const { resource, scope, metric, attributes } = series;
    const last = this.#last;
    if (
      last?.series.resource !== resource ||
      last.series.scope !== scope ||
      last.series.metric !== metric ||
      last.behaviour !== behaviour
    ) {
      const { shape } = this.identityOf([{ series, behaviour }]);
      this.#last = { series, behaviour, shape };
    }
    return new StoredIdentity(this.#last!.shape, attributes);
  }

  identityOf(members: readonly StreamMember[]): StoredIdentity {
    const common = commonAttributes(members);
    let text = "";
    for (const { behaviour, series, uncertain } of members) {
      const more = uncertain === undefined ? "" : `,"uncertain":${this.#textOf(uncertain, common)}`;
      text += `${text === "" ? "" : ","}{"behaviour":"${behaviour}","series":${this.#textOf(series, common)}${more}}`;
    }
    text = `{"version":${VERSION},"members":[${text}]}`;
    let shape = this.#shapes.get(text);
    if (shape === undefined) {
      shape = shapeOfText(text, this.#idOf(text));
      this.#shapes.set(text, shape);
    }
    return new StoredIdentity(shape, common);
  }

  #textOf({ resource, scope, metric, attributes }: Series, common: Attributes): string {
    const ownText = jsonOf(sorted(withoutCommon(attributes, common)));
    const resourceText = this.#remembered(resource, () => jsonOf(sorted(resource.attributes)));
    const scopeText = this.#remembered(scope, () => jsonOf(scopeOf(scope)));
    const metricText = this.#remembered(metric, () => jsonOf(metric));
    return `{"resource":${resourceText},"scope":${scopeText},"metric":${metricText},"attributes":${ownText}}`;
  }

  #remembered(of: object, make: () => string): string {
    let text = this.#texts.get(of);
    if (text === undefined) {
      text = make();
      this.#texts.set(of, text);
    }
    return text;
  }
}

/** The parts of an identity's row; throws where they are of another version. */
export function partsOfText(text: string): { readonly shapeId: string; readonly common: Attributes } {
  const [version, shapeId, common] = parse(text) as [number, string, Attributes];
  if (version !== VERSION || typeof shapeId !== "string") throw new Error(`identity of version ${version}`);
  return { shapeId, common };
}

/** What a store has for a text that is far longer. */
export function shortId(text: string): string {
  return hash("sha256", text, "base64url").slice(0, 16);
}

export function shapeOfText(text: string, id = shortId(text)): Shape {
  const { version, members } = parse(text) as { version: number; members: MemberShape[] };
  if (version !== VERSION || !Array.isArray(members)) throw new Error(`shape of version ${version}`);
  const shared = withSharedAttributes(members);
  const behaviours = members.map(({ behaviour }) => behaviour);
  return { id, text, members: shared, behaviours };
}

function withSharedAttributes(members: readonly MemberShape[]): MemberShape[] {
  const known = new Map<string, Attributes>();
  const sharing = (shape: SeriesShape): SeriesShape => {
    const text = jsonOf(shape.attributes);
    const attributes = known.get(text) ?? shape.attributes;
    known.set(text, attributes);
    return { ...shape, attributes };
  };
  return members.map(({ behaviour, series, uncertain }) => ({
    behaviour,
    series: sharing(series),
    ...(uncertain === undefined ? {} : { uncertain: sharing(uncertain) }),
  }));
}

/** Text that is equal exactly when two members mean the same number of the same stream, wherever it is reported from. */
export function memberKey({ series: { metric, attributes } }: MemberShape, common: Attributes): string {
  return jsonOf([metric.name, sorted({ ...common, ...attributes })]);
}

/** What all series of an identity have: the attributes of the first, where that is all of them. */
function commonAttributes(members: readonly StreamMember[]): Attributes {
  const first = members[0]!.series.attributes;
  return picked(first, (key, value) =>
    members.every(
      ({ series, uncertain }) =>
        series.attributes[key] === value && (uncertain === undefined || uncertain.attributes[key] === value),
    ),
  );
}

function withoutCommon(attributes: Attributes, common: Attributes): Attributes {
  return picked(attributes, (key) => !Object.hasOwn(common, key));
}

/** Those attributes that are wanted; the very same object where all of them are. */
function picked(attributes: Attributes, isWanted: (key: string, value: AttributeValue) => boolean): Attributes {
  const all = Object.entries(attributes);
  const wanted = all.filter(([key, value]) => isWanted(key, value));
  return wanted.length === all.length ? attributes : Object.fromEntries(wanted);
}

const scopeOf = ({ name, version, attributes }: Scope) => ({ name, version, attributes: sorted(attributes) });

/** In the order of the keys. `fromEntries`, since a key may be called `__proto__`. */
function sorted(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** JSON, where values that it does not have are written as objects with one member, which no attribute value is. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, plain);
}

function plain(this: unknown, key: string, _value: unknown): unknown {
  const value = (this as Record<string, unknown>)[key]; // Before `Buffer.toJSON` had its way with it.
  if (typeof value === "bigint") return { $whole: String(value) };
  if (Object.is(value, -0)) return { $number: "-0" };
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  return value;
}

/** Without such values the parser can do without asking about each, which is several times as fast. */
function parse(text: string): unknown {
  return text.includes('{"$') ? JSON.parse(text, revive) : JSON.parse(text);
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$whole" in value) return BigInt(String(value.$whole)) satisfies AttributeValue;
  if ("$number" in value) return Number(value.$number) satisfies AttributeValue;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(String(value.$bytes), "base64")) satisfies AttributeValue;
  return value;
}
