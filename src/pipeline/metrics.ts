import type { MetricDescription } from "../component/meter.ts";
import { perSignal } from "../kit/item-metrics.ts";

/** The metrics that every agent has, whatever it consists of. Names that begin with `otelcol_` are the Collector's. */

export const DELIVERIES: MetricDescription = {
  name: "gostcol_deliveries",
  description: "Deliveries by their outcome (taken, refused) and the reason of a refusal",
  unit: "{delivery}",
};
export const DELIVERIES_IN_FLIGHT: MetricDescription = {
  name: "gostcol_deliveries_in_flight",
  description: "Deliveries between their admission and their outcome",
  unit: "{delivery}",
};
export const DELIVERY_BYTES_IN_FLIGHT: MetricDescription = {
  name: "gostcol_delivery_bytes_in_flight",
  description: "The most that the deliveries in flight can hold",
  unit: "By",
};
export const COMMITS: MetricDescription = {
  name: "gostcol_store_commits",
  description: "Commits of the store by their outcome (kept, failed, unknown)",
  unit: "{commit}",
};
export const BUGS: MetricDescription = {
  name: "gostcol_bugs",
  description: "Exceptions that nothing but a bug explains, by where they came up; the log has each",
  unit: "{exception}",
};
export const CONFIG_RELOADS: MetricDescription = {
  name: "gostcol_config_reloads",
  description: "Reloads of the configuration by their outcome (applied, invalid, failed)",
  unit: "{reload}",
};
export const LOG_LINES_UNREAD: MetricDescription = {
  name: "gostcol_log_lines_unread",
  description: "Lines of the log that were not written because nobody reads standard error",
  unit: "{line}",
};

export const RECEIVER_ACCEPTED = perSignal(
  "otelcol_receiver_accepted",
  (items) => `${items} that were handed on and kept`,
);
export const RECEIVER_REFUSED = perSignal("otelcol_receiver_refused", (items) => `${items} that were refused`);
export const EXPORTER_SENT = perSignal("otelcol_exporter_sent", (items) => `${items} that an exporter took`);
export const EXPORTER_SEND_FAILED = perSignal(
  "otelcol_exporter_send_failed",
  (items) => `${items} that an exporter refused`,
);

export const PROCESSOR_INCOMING: MetricDescription = {
  name: "otelcol_processor_incoming_items",
  description: "Items that reached the processor",
  unit: "{item}",
};
export const PROCESSOR_OUTGOING: MetricDescription = {
  name: "otelcol_processor_outgoing_items",
  description: "Items that the processor handed on",
  unit: "{item}",
};
export const CONNECTOR_CONSUMED: MetricDescription = {
  name: "otelcol_connector_consumed_items",
  description: "Items that reached the connector",
  unit: "{item}",
};
export const CONNECTOR_PRODUCED: MetricDescription = {
  name: "otelcol_connector_produced_items",
  description: "Items that the connector handed on",
  unit: "{item}",
};
