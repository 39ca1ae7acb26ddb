import type { Attributes } from "./attributes.ts";

/** Who is described: for GOST, one node. Interned, so it is compared by reference. */
export interface Resource {
  readonly attributes: Attributes;
}

/** The instrumentation scope that made the data. Interned. */
export interface Scope {
  readonly name: string;
  readonly version: string;
  readonly attributes: Attributes;
}

export type MetricType = "sum" | "gauge" | "histogram" | "exponential_histogram" | "summary";

/**
 * How a sum's values relate in time. `unspecified` is what GOST's series carry out of their receiver: whether they are
 * deltas is judged later, and must not change what a series is.
 */
export type Temporality = "delta" | "cumulative" | "unspecified";

/** What is measured. Interned. `number` says how values are written out; in memory they are `number` either way. */
export interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly type: MetricType;
  readonly monotonic: boolean;
  readonly temporality: Temporality;
  readonly number: "int" | "double";
}

/**
 * The identity of a metric stream: resource + scope + metric + attributes. One object for each identity
 * (`SeriesTable` interns it), so what depends on the series alone is worked out once and remembered by `id`.
 */
export interface Series {
  /** Dense, starts at 0, never used again in this process. */
  readonly id: number;
  readonly resource: Resource;
  readonly scope: Scope;
  readonly metric: Metric;
  readonly attributes: Attributes;
  /** The series that one emitter counts together with this one; absent where each series stands alone (OTLP). */
  readonly stream?: Stream;
  /** When it was last used, and whether it may be forgotten: kept by the `SeriesTable`, shared by a whole stream. */
  readonly lease: Lease;
}

/**
 * The numbers of one client, or of one service: what one emitter counts and reports together. They come in rows of its
 * `series`.
 */
export interface Stream {
  /** That of the first of its series. */
  readonly id: number;
  /** Unique and lasting: made of node, kind, service and client, never of anything configured. Names its row in a store. */
  readonly key: string;
  readonly source: Source;
  readonly client?: string;
  readonly members: readonly StreamMember[];
  /** Those of the members, in their order. */
  readonly series: readonly Series[];
}

/** How a member's values behave, whatever the mode of its emitter. */
export type MemberBehaviour =
  /** A level that goes up and down. */
  | "level"
  /** Counts since the emitter began, in both modes. */
  | "cumulative"
  /** The same, of what an emitter accepts: one that was replaced accepts no more. */
  | "accepted"
  /** Counts since the emitter began, or since its last report: the mode of the source's life decides. */
  | "by_mode";

export interface StreamMember {
  readonly series: Series;
  readonly behaviour: MemberBehaviour;
  /** Where a processor tells by how much its total of this member could be too low; a gauge in the member's unit. */
  readonly uncertain?: Series;
}

/** What reports: for GOST one kind (`service`, `handler`) of one service of one node. Interned by its receiver. */
export interface Source {
  /** Unique and lasting: made of node, kind and service. */
  readonly key: string;
  readonly node: string;
  readonly kind: string;
  readonly service: string;
  /** How many emitters one instance of it can have, which report under the same identity; where unknown, some. */
  readonly emitters?: number;
  /**
   * Where a processor adds up the seconds in which the source may have counted what it never reported. Sources that
   * count the same traffic in different ways share it: the same time counts once.
   */
  readonly unreported?: Series;
}

/** What `touched` is of a series that was forgotten: whoever still holds it asks the table for another. */
export const EVICTED = -1;

/** Belongs to the `SeriesTable`: `touched` is the generation of the last use, `pins` counts who needs the series to stay. */
export interface Lease {
  touched: number;
  pins: number;
}
