import type { MetricDescription } from "../../component/meter.ts";

export const UNROUTED: MetricDescription = {
  name: "gostcol_routing_unrouted_items",
  description: "Items that were dropped, for no condition held and there are no default pipelines, by signal.",
  unit: "{item}",
};

export const FAILED_CONDITIONS: MetricDescription = {
  name: "gostcol_routing_failed_conditions",
  description: "How often a condition failed and therefore did not hold.",
  unit: "{failure}",
};

export const telemetry = [UNROUTED, FAILED_CONDITIONS];
