import type { Sample } from "../../kit/prometheus/family.ts";
import type { Histogram, Point } from "../../model/points.ts";
import type { DropReason } from "./telemetry.ts";

/**
 * Shows a point: takes its value, or adds it to what is shown where the metric counts in deltas. Gives a reason where
 * the point has to be left out.
 */
export function accumulate(sample: Sample, point: Point): DropReason | undefined {
  return point.series.metric.temporality === "delta" && point.series.metric.type !== "gauge"
    ? addDelta(sample, point)
    : takeOver(sample, point);
}

/**
 * The last point to arrive counts: our clock may have been set back. Only a counter that would fall within one life is
 * plainly an older point that was overtaken, and would look like a restart to Prometheus.
 */
function takeOver(sample: Sample, point: Point): DropReason | undefined {
  const older = point.time < sample.timeMs && point.start === sample.createdMs;
  if (older && counts(point) && amount(point.value) < amount(sample.value)) return "out_of_order";
  show(sample, point, point.value);
  return undefined;
}

const counts = ({ series: { metric } }: Point) => metric.monotonic || metric.type === "histogram";
const amount = (value: number | Histogram) => (typeof value === "number" ? value : value.count);

/**
 * As the Collector does it: a delta that begins where the last one ended is added. One that begins later begins a new
 * count, for what lies in between was lost; Prometheus sees a restart. One that begins earlier overlaps: a histogram is
 * left out, a sum begins anew.
 */
function addDelta(sample: Sample, point: Point): DropReason | undefined {
  const first = sample.timeMs === 0;
  if (!first && point.start === sample.timeMs) {
    const sum = added(sample.value, point.value);
    if (sum !== undefined) {
      const { createdMs } = sample;
      show(sample, point, sum);
      sample.createdMs = createdMs;
      return undefined;
    }
  }
  if (!first && typeof point.value !== "number" && point.start < sample.timeMs) return "misaligned";
  show(sample, point, point.value);
  return undefined;
}

function show(sample: Sample, point: Point, value: number | Histogram): void {
  sample.value = value;
  sample.timeMs = point.time;
  sample.createdMs = point.start;
  sample.exemplars = point.extra?.exemplars ?? sample.exemplars;
}

/** Undefined for histograms of different buckets. */
function added(shown: number | Histogram, delta: number | Histogram): number | Histogram | undefined {
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
