import type { MetricDescription } from "../../component/meter.ts";

export const FAILED_STATEMENTS: MetricDescription = {
  name: "gostcol_transform_failed_statements",
  description:
    "How often a statement, or a condition of some, failed and therefore did nothing; what depends on the series alone fails once for each.",
  unit: "{failure}",
};

export const telemetry = [FAILED_STATEMENTS];
