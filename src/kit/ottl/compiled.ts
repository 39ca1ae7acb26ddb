import type { StaticType, Value } from "./value.ts";

/**
 * What an expression depends on, from least to most: each stands for all before it. `series` is everything but the
 * point itself; in spans and log records there is nothing between `scope` and `item`.
 */
export const REACHES = ["constant", "resource", "scope", "metric", "series", "item"] as const;

export type Reach = (typeof REACHES)[number];

export function widest(...reaches: readonly Reach[]): Reach {
  return REACHES[Math.max(0, ...reaches.map((reach) => REACHES.indexOf(reach)))]!;
}

/**
 * Reads a value out of what a condition is asked about. Compiled code passes this subject through without looking at it;
 * only the paths of a context do, and a context meets none but its own subjects.
 */
export type Getter = (subject: unknown) => Value;

export interface Compiled {
  readonly type: StaticType;
  readonly reach: Reach;
  readonly get: Getter;
  /** The text that it always is. */
  readonly literal?: string;
}

/** A place that an editor may write to. */
export interface Target extends Compiled {
  /** The subject with another value there, or the same subject where nothing changes. */
  readonly set: (subject: unknown, value: Value) => unknown;
}
