import type { Metric } from "../../model/series.ts";
import type { Config } from "./config.ts";

/** Whether the newest value of a metric says all that those before it said, or as much as is asked for. */
export function waits({ type, temporality, monotonic }: Metric, { pass_through: passes }: Config): boolean {
  switch (type) {
    case "gauge":
      return !passes.gauge;
    case "summary":
      return !passes.summary;
    case "sum":
      return temporality === "cumulative" && (monotonic || !passes.non_monotonic_sum);
    case "histogram":
    case "exponential_histogram":
      return temporality === "cumulative";
    default:
      return type satisfies never;
  }
}
