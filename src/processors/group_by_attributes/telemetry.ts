import type { MetricDescription } from "../../component/meter.ts";

export const DROPPED: MetricDescription = {
  name: "gostcol_group_by_attributes_dropped",
  description:
    "Points that could not be added to a sum: of a series beyond the limit (limit), or older than its last (out_of_order).",
  unit: "{datapoint}",
};

export const telemetry = [DROPPED];
