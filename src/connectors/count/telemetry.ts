import type { MetricDescription } from "../../component/meter.ts";

export const FAILED_CONDITIONS: MetricDescription = {
  name: "gostcol_count_failed_conditions",
  description: "How often a condition failed and therefore did not hold.",
  unit: "{failure}",
};

export const telemetry = [FAILED_CONDITIONS];
