import type { MetricDescription } from "../component/meter.ts";
import type { Signal } from "../model/signal.ts";

/** What the Collector calls an item of each signal in its metric names. */
const ITEMS: Readonly<Record<Signal, string>> = {
  metrics: "metric_points",
  traces: "spans",
  logs: "log_records",
};

/** A metric for each signal, as the Collector has them: `otelcol_exporter_sent_metric_points`, `..._spans`, ... */
export function perSignal(
  prefix: string,
  describe: (items: string) => string,
): Readonly<Record<Signal, MetricDescription>> {
  const description = (signal: Signal): MetricDescription => {
    const items = ITEMS[signal];
    const text = describe(items.replace("_", " "));
    return {
      name: `${prefix}_${items}`,
      description: text[0]!.toUpperCase() + text.slice(1),
      unit: `{${items.slice(0, -1)}}`,
    };
  };
  return { metrics: description("metrics"), traces: description("traces"), logs: description("logs") };
}
