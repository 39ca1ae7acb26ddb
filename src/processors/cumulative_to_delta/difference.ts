import { type Histogram, isHistogram, type PointValue } from "../../model/points.ts";

/** What a count grew by; undefined where it began anew in between, so that all of it is new. */
export function difference(now: PointValue, before: PointValue): PointValue | undefined {
  if (typeof now === "number") return typeof before === "number" && now >= before ? now - before : undefined;
  return isHistogram(now) && typeof before === "object" && isHistogram(before)
    ? histogramDifference(now, before)
    : undefined;
}

/** Without smallest and largest value: nobody knows those of the time in between. */
function histogramDifference(now: Histogram, before: Histogram): Histogram | undefined {
  const sameBounds =
    now.bounds.length === before.bounds.length && now.bounds.every((bound, index) => bound === before.bounds[index]);
  if (!sameBounds || now.count < before.count) return undefined;
  const counts = now.counts.map((count, index) => count - before.counts[index]!);
  if (counts.some((count) => count < 0)) return undefined;
  const sum = now.sum === undefined || before.sum === undefined ? {} : { sum: now.sum - before.sum };
  return { count: now.count - before.count, ...sum, bounds: now.bounds, counts };
}
