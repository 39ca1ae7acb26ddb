import type { MetricDescription } from "../../component/meter.ts";

export const DROPPED: MetricDescription = {
  name: "gostcol_cumulative_to_delta_dropped",
  description:
    "Values from which no delta was made: the first of a series (initial), or older than the last (out_of_order).",
  unit: "{datapoint}",
};

export const telemetry = [DROPPED];
