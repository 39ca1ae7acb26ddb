import type { SeriesDescription } from "../../kit/series-mapping.ts";
import { type Attributes, attributesKey } from "../../model/attributes.ts";
import { isRow, type Point, pointsOf, Row } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";

/** What has series of its own, or none, as a whole: all series of one client, say. */
export interface Stream {
  readonly key: string;
  /** False for what is called as the others are: it is always one of them. */
  readonly mayBeMember: boolean;
  readonly units: Set<Unit>;
  /** What it is compared by. */
  rank: number;
  membership: Membership | undefined;
}

/** It has series of its own: since a time, what it counted before is in the others; 0: nothing is. */
export interface Membership {
  readonly since: number;
  /** What told streams apart when it got them. */
  readonly attributes: readonly string[];
}

/** Series of one stream that come together: those of a row, or one that comes in points. */
export interface Unit {
  readonly stream: Stream;
  readonly of: readonly Series[];
  /** What they are a part of while the stream is one of the others. */
  readonly into: readonly Series[];
  /** The last values. */
  last: Row | Point | undefined;
  rank: number;
}

/** The attributes of a series that tell its stream; undefined where it has none of them. */
export function ownAttributes({ attributes }: Series, keys: readonly string[]): Attributes | undefined {
  const own = keys.filter((key) => Object.hasOwn(attributes, key)).map((key) => [key, attributes[key]!] as const);
  return own.length === 0 ? undefined : Object.fromEntries(own);
}

/** What names the stream of a series. */
export function streamKey({ resource }: Series, own: Attributes): string {
  return JSON.stringify([attributesKey(resource.attributes), attributesKey(own)]);
}

/** The series that a series is a part of while its stream is one of the others. */
export function otherOf(series: Series, keys: readonly string[], other: string): SeriesDescription {
  const own = ownAttributes(series, keys);
  if (own === undefined || Object.values(own).every((value) => value === other)) return series;
  const replaced = Object.fromEntries(Object.keys(own).map((key) => [key, other]));
  return { ...series, attributes: { ...series.attributes, ...replaced } };
}

/** The last values as points. */
export function lastPoints({ last }: Unit): readonly Point[] {
  if (isRow(last)) return pointsOf(last);
  return last === undefined ? [] : [last];
}

/** What is known of a unit after a point of one of its series; NaN, or nothing, where that has no value any more. */
export function withPoint({ of, last }: Unit, point: Point): Unit["last"] {
  const { series, time, value, extra } = point;
  if (!isRow(last)) return extra?.noRecordedValue ? undefined : point;
  const now = extra?.noRecordedValue || typeof value !== "number" ? Number.NaN : value;
  return new Row(last.series, last.start, time, last.values.with(of.indexOf(series), now));
}

/** What of the last values counts for the rank. */
export function rankOf(unit: Unit, metricName: string): number {
  let rank = 0;
  for (const { series, value } of lastPoints(unit)) {
    if (series.metric.name === metricName && typeof value === "number") rank += value;
  }
  return rank;
}

/** Who gets series of its own and who loses them: the largest of the others, for the smallest of the members. */
export function placesFor(
  streams: Iterable<Stream>,
  { limit, hysteresis }: { readonly limit: number; readonly hysteresis: number },
): { readonly out: readonly Stream[]; readonly in: readonly Stream[] } {
  const members: Stream[] = [];
  const others: Stream[] = [];
  for (const stream of streams) {
    if (stream.membership !== undefined) members.push(stream);
    else if (stream.mayBeMember) others.push(stream);
  }
  members.sort((one, other) => one.rank - other.rank);
  others.sort((one, other) => other.rank - one.rank);
  const out = members.splice(0, Math.max(0, members.length - limit));
  let room = limit - members.length;
  const coming: Stream[] = [];
  for (const stream of others) {
    const smallest = members[0];
    if (room > 0) room--;
    else if (smallest !== undefined && stream.rank > smallest.rank * (1 + hysteresis)) out.push(members.shift()!);
    else break;
    coming.push(stream);
  }
  return { out, in: coming };
}
