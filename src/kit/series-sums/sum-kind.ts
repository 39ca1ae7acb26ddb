import type { Metric } from "../../model/series.ts";

/**
 * How values of several series become those of one.
 *
 * `count`: what each grew by is added, so the sum never falls. `level`: the sum is that of the present values. `delta`:
 * what comes together is added. `newest`: there is no sum (temperatures, quantiles, counts of which nobody knows yet
 * whether they are deltas), so the newest value stands for all.
 */
export type SumKind = "count" | "level" | "delta" | "newest";

export function sumKindOf({ type, monotonic, temporality, unit }: Metric): SumKind {
  switch (type) {
    case "gauge":
      return isAmount(unit) ? "level" : "newest";
    case "sum":
    case "histogram":
      if (temporality === "unspecified") return "newest";
      if (temporality === "delta") return "delta";
      return type === "sum" && !monotonic ? "level" : "count";
    case "exponential_histogram":
    case "summary":
      return "newest";
    default:
      return type satisfies never;
  }
}

/** Bytes, and what is counted by name (`{connection}`): of two of them there is a sum, of two degrees or times there is none. */
const isAmount = (unit: string) => unit === "By" || /^\{.*\}$/.test(unit);
