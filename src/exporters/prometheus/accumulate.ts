import type { Family } from "../../kit/prometheus/family.ts";
import type { Histogram, Point, PointValue } from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import type { DropReason } from "./telemetry.ts";

/** A value as far as it can be shown. */
type Value = Pick<Point, "start" | "time" | "value">;

/** The naming lets no other value through. */
type Shown = number | Histogram;

/**
 * Shows a point in a family's sample: takes its value, or adds it to what is shown where the metric counts in deltas. Gives
 * a reason where the point has to be left out.
 */
export function accumulate(family: Family, position: number, point: Point): DropReason | undefined {
  const { metric } = point.series;
  const reason = isAdded(metric) ? addDelta(family, position, point) : takeOver(family, position, metric, point);
  if (reason === undefined && point.extra?.exemplars) family.showExemplars(position, point.extra.exemplars);
  return reason;
}

/** Whether values are added to what is shown, in place of taking over from it. */
export const isAdded = ({ temporality, type }: Metric) => temporality === "delta" && type !== "gauge";

/**
 * The last point to arrive counts: our clock may have been set back. Only a counter that would fall within one life is
 * plainly an older point that was overtaken, and would look like a restart to Prometheus. Two of one millisecond may be
 * overtaken as well, where a Collector with several consumers stands in between: the larger is the newer.
 */
export function takeOver(
  family: Family,
  position: number,
  metric: Metric,
  { start, time, value }: Value,
): DropReason | undefined {
  const older = time <= family.timeMs(position) && start === family.createdMs(position);
  if (older && counts(metric) && amount(value) < amount(family.value(position))) return "out_of_order";
  family.show(position, value as Shown, time, start);
  return undefined;
}

const counts = ({ monotonic, type }: Metric) => monotonic || type === "histogram";
const amount = (value: PointValue) => (typeof value === "number" ? value : value.count);

/**
 * As the Collector does it: a delta that begins where the last one ended is added. One that begins later begins a new
 * count, for what lies in between was lost; Prometheus sees a restart. One that begins earlier overlaps: a histogram is
 * left out, a sum begins anew.
 */
function addDelta(family: Family, position: number, { start, time, value }: Value): DropReason | undefined {
  const shownMs = family.timeMs(position);
  const first = shownMs === 0;
  if (!first && start === shownMs) {
    const sum = added(family.value(position), value as Shown);
    if (sum !== undefined) {
      family.show(position, sum, time, family.createdMs(position));
      return undefined;
    }
  }
  if (!first && typeof value !== "number" && start < shownMs) return "misaligned";
  family.show(position, value as Shown, time, start);
  return undefined;
}

/** Undefined for histograms of different buckets. */
function added(shown: Shown, delta: Shown): Shown | undefined {
  if (typeof shown === "number" || typeof delta === "number") return (shown as number) + (delta as number);
  const sameBounds =
    shown.bounds.length === delta.bounds.length && shown.bounds.every((bound, index) => bound === delta.bounds[index]);
  if (!sameBounds) return undefined;
  return {
    count: shown.count + delta.count,
    ...(shown.sum === undefined || delta.sum === undefined ? {} : { sum: shown.sum + delta.sum }),
    bounds: shown.bounds,
    counts: shown.counts.map((count, index) => count + (delta.counts[index] ?? 0)),
  };
}
