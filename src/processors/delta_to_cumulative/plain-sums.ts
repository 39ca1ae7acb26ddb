import { histogramSum } from "../../kit/point-arithmetic.ts";
import type { Histogram, Point } from "../../model/points.ts";

/**
 * The total of one series that stands alone, as OTLP brings them. Times in milliseconds since the epoch. Behaves as the
 * Collector's deltatocumulative does: gaps are no error, what comes too late is dropped.
 */
export interface PlainState {
  readonly value: number | Histogram;
  readonly start: number;
  readonly time: number;
  /** Of cumulative points that are made totals: what was reported last, and since when. */
  readonly last?: { readonly value: number; readonly start: number };
}

/** Why a point is dropped: the values of the attribute `error`, as the Collector's processor writes them. */
export type PlainError = "delta.ErrOlderStart" | "delta.ErrOutOfOrder";

/** The total after a delta. */
export function afterDelta(before: PlainState | undefined, point: Point): PlainState | PlainError {
  const { start, time } = point;
  const value = point.value as PlainState["value"];
  if (before === undefined) return { value, start: start || time, time };
  if (start !== 0 && start < before.start) return "delta.ErrOlderStart";
  if (time <= before.time) return "delta.ErrOutOfOrder";
  if (typeof value === "number") {
    return typeof before.value === "number"
      ? { value: before.value + value, start: before.start, time }
      : { value, start: start || time, time };
  }
  const sum = typeof before.value === "number" ? undefined : histogramSum(before.value, value);
  return sum === undefined ? { value, start: start || time, time } : { value: sum, start: before.start, time };
}

/** The total after a cumulative value: what it grew by; whole where it fell or says that it began again. */
export function afterCumulative(
  before: PlainState | undefined,
  point: Point,
  initial: number,
): PlainState | PlainError {
  const { start, time } = point;
  const value = point.value as number;
  if (before === undefined) return { value: value - initial, start: start || time, time, last: { value, start } };
  if (time <= before.time) return "delta.ErrOutOfOrder";
  const { last } = before;
  const began = last === undefined || value < last.value || start > last.start;
  const total = (before.value as number) + (began ? value : value - last.value);
  return { value: total, start: before.start, time, last: { value, start } };
}
