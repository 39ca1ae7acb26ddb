import type { MetricDescription } from "../../component/meter.ts";

export const HELD: MetricDescription = {
  name: "gostcol_interval_held_values",
  description: "Values that wait for the end of the interval.",
  unit: "{value}",
};

export const telemetry = [HELD];
