import type { Sample } from "../../kit/prometheus/family.ts";
import type { Point, PointValue } from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import type { DropReason } from "./telemetry.ts";

/**
 * Shows a point: takes its value, or adds it to what is shown where the metric counts in deltas. Gives a reason where
 * the point has to be left out.
 */
export function accumulate(sample: Sample, point: Point): DropReason | undefined {
  const { metric } = point.series;
  return isAdded(metric) ? addDelta(sample, point) : takeOver(sample, metric, point);
}

/** Whether values are added to what is shown, in place of taking over from it. */
export const isAdded = ({ temporality, type }: Metric) => temporality === "delta" && type !== "gauge";

/** A value as far as it can be shown. */
type Value = Pick<Point, "start" | "time" | "value" | "extra">;

/** The naming lets no other value through. */
type Shown = Sample["value"];

/**
 * The last point to arrive counts: our clock may have been set back. Only a counter that would fall within one life is
 * plainly an older point that was overtaken, and would look like a restart to Prometheus. Two of one millisecond may be
 * overtaken as well, where a Collector with several consumers stands in between: the larger is the newer.
 */
export function takeOver(sample: Sample, metric: Metric, value: Value): DropReason | undefined {
  const older = value.time <= sample.timeMs && value.start === sample.createdMs;
  if (older && counts(metric) && amount(value.value) < amount(sample.value)) return "out_of_order";
  show(sample, value, value.value as Shown);
  return undefined;
}

const counts = ({ monotonic, type }: Metric) => monotonic || type === "histogram";
const amount = (value: PointValue) => (typeof value === "number" ? value : value.count);

/**
 * As the Collector does it: a delta that begins where the last one ended is added. One that begins later begins a new
 * count, for what lies in between was lost; Prometheus sees a restart. One that begins earlier overlaps: a histogram is
 * left out, a sum begins anew.
 */
function addDelta(sample: Sample, point: Point): DropReason | undefined {
  const first = sample.timeMs === 0;
  if (!first && point.start === sample.timeMs) {
    const sum = added(sample.value, point.value as Shown);
    if (sum !== undefined) {
      const { createdMs } = sample;
      show(sample, point, sum);
      sample.createdMs = createdMs;
      return undefined;
    }
  }
  if (!first && typeof point.value !== "number" && point.start < sample.timeMs) return "misaligned";
  show(sample, point, point.value as Shown);
  return undefined;
}

function show(sample: Sample, point: Value, value: Shown): void {
  sample.value = value;
  sample.timeMs = point.time;
  sample.createdMs = point.start;
  sample.exemplars = point.extra?.exemplars ?? sample.exemplars;
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
