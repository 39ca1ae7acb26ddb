import type { Codec } from "../../component/store.ts";
import type { Attributes, AttributeValue } from "../../model/attributes.ts";
import type { MemberBehaviour, Metric, Series, Stream } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";

/**
 * What it takes to make the exported series again after a restart, before anything was reported: GOST is silent about
 * idle clients, and their totals must not vanish. Stored once for each stream, apart from its numbers, which change with
 * every report. Compared as text: `text` is equal exactly when two identities are.
 */
export interface StoredIdentity {
  readonly text: string;
  readonly members: readonly MemberIdentity[];
}

interface MemberIdentity {
  readonly behaviour: MemberBehaviour;
  readonly series: SeriesParts;
  readonly uncertain?: SeriesParts;
}

interface SeriesParts {
  readonly resource: Attributes;
  readonly scope: { readonly name: string; readonly version: string; readonly attributes: Attributes };
  readonly metric: Metric;
  readonly attributes: Attributes;
}

const VERSION = 1;

export const identityCodec: Codec<StoredIdentity> = {
  encode: ({ text }) => Buffer.from(text),
  decode(bytes) {
    const text = Buffer.from(bytes).toString();
    const { version, members } = JSON.parse(text, revive) as { version: number; members: MemberIdentity[] };
    if (version !== VERSION || !Array.isArray(members)) throw new Error(`identity of version ${version}`);
    return { text, members };
  },
};

export function identityOfStream(stream: Stream): StoredIdentity {
  return identityOf(
    stream.members.map(({ series, behaviour, uncertain }) => ({
      behaviour,
      series: partsOf(series),
      ...(uncertain === undefined ? {} : { uncertain: partsOf(uncertain) }),
    })),
  );
}

export function identityOfSeries(series: Series, behaviour: MemberBehaviour): StoredIdentity {
  return identityOf([{ behaviour, series: partsOf(series) }]);
}

/** The series that a total of this identity is exported as: the same, but cumulative. */
export function exportedSeries(table: SeriesTable, { resource, scope, metric, attributes }: SeriesParts): Series {
  return table.series(
    table.resource(resource),
    table.scope(scope.name, scope.version, scope.attributes),
    table.metric(metric.type === "gauge" ? metric : { ...metric, temporality: "cumulative" }),
    attributes,
  );
}

/** Text that is equal exactly when two members mean the same number of the same stream, wherever it is reported from. */
export function memberKey({ series: { metric, attributes } }: MemberIdentity): string {
  return JSON.stringify([metric.name, sorted(attributes)], plain);
}

function identityOf(members: readonly MemberIdentity[]): StoredIdentity {
  return { text: JSON.stringify({ version: VERSION, members }, plain), members };
}

function partsOf({ resource, scope, metric, attributes }: Series): SeriesParts {
  return {
    resource: sorted(resource.attributes),
    scope: { name: scope.name, version: scope.version, attributes: sorted(scope.attributes) },
    metric,
    attributes: sorted(attributes),
  };
}

function sorted(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** Values that JSON does not have are written as objects with one member, which no attribute value is. */
function plain(this: unknown, key: string, _value: unknown): unknown {
  const value = (this as Record<string, unknown>)[key]; // Before `Buffer.toJSON` had its way with it.
  if (typeof value === "bigint") return { $whole: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  return value;
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if ("$whole" in value) return BigInt(String(value.$whole)) satisfies AttributeValue;
  if ("$number" in value) return Number(value.$number) satisfies AttributeValue;
  if ("$bytes" in value) return new Uint8Array(Buffer.from(String(value.$bytes), "base64")) satisfies AttributeValue;
  return value;
}
