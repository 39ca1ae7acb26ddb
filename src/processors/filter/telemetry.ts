import type { MetricDescription } from "../../component/meter.ts";
import type { Signal } from "../../model/signal.ts";

/** Under the Collector's names. */
export const FILTERED: { readonly [S in Signal]: MetricDescription } = {
  metrics: {
    name: "otelcol_processor_filter_datapoints_filtered",
    description: "Data points that were dropped, for a condition held.",
    unit: "{datapoint}",
  },
  traces: {
    name: "otelcol_processor_filter_spans_filtered",
    description: "Spans that were dropped, for a condition held; their events are not counted.",
    unit: "{span}",
  },
  logs: {
    name: "otelcol_processor_filter_logs_filtered",
    description: "Log records that were dropped, for a condition held.",
    unit: "{record}",
  },
};

export const FAILED_CONDITIONS: MetricDescription = {
  name: "gostcol_filter_failed_conditions",
  description:
    "How often a condition failed and therefore did not hold; what depends on the series alone fails once for each.",
  unit: "{failure}",
};

export const telemetry = [...Object.values(FILTERED), FAILED_CONDITIONS];
