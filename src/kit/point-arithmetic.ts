import { type Histogram, isHistogram, type PointValue } from "../model/points.ts";

/** What a count grew by; undefined where it began anew in between, so that all of it is new. */
export function difference(now: PointValue, before: PointValue): PointValue | undefined {
  if (typeof now === "number") return typeof before === "number" && now >= before ? now - before : undefined;
  return isHistogram(now) && typeof before === "object" && isHistogram(before)
    ? histogramDifference(now, before)
    : undefined;
}

/** Both counts together; undefined where they cannot be added: histograms with other bounds, other types. */
export function sum(one: PointValue, other: PointValue): PointValue | undefined {
  if (typeof one === "number") return typeof other === "number" ? one + other : undefined;
  return isHistogram(one) && typeof other === "object" && isHistogram(other) ? histogramSum(one, other) : undefined;
}

/** Without smallest and largest value: nobody knows those of the time in between. */
function histogramDifference(now: Histogram, before: Histogram): Histogram | undefined {
  if (!sameBounds(now, before) || now.count < before.count) return undefined;
  const counts = now.counts.map((count, index) => count - before.counts[index]!);
  if (counts.some((count) => count < 0)) return undefined;
  const sum = now.sum === undefined || before.sum === undefined ? {} : { sum: now.sum - before.sum };
  return { count: now.count - before.count, ...sum, bounds: now.bounds, counts };
}

/** What only one of them knows (sum, smallest, largest value) nobody knows of both. */
export function histogramSum(one: Histogram, other: Histogram): Histogram | undefined {
  if (!sameBounds(one, other)) return undefined;
  const { sum, min, max } = one;
  return {
    count: one.count + other.count,
    bounds: one.bounds,
    counts: one.counts.map((count, index) => count + other.counts[index]!),
    ...(sum === undefined || other.sum === undefined ? {} : { sum: sum + other.sum }),
    ...(min === undefined || other.min === undefined ? {} : { min: Math.min(min, other.min) }),
    ...(max === undefined || other.max === undefined ? {} : { max: Math.max(max, other.max) }),
  };
}

function sameBounds(one: Histogram, other: Histogram): boolean {
  return (
    one.counts.length === other.counts.length &&
    one.bounds.length === other.bounds.length &&
    one.bounds.every((bound, index) => bound === other.bounds[index])
  );
}
