import type { MetricDescription } from "../../component/meter.ts";

/** The receiver's own numbers. */
export const TELEMETRY = {
  requests: {
    name: "gostcol_receiver_otlp_requests",
    description:
      "Requests by transport and outcome: taken, refused, rejected, malformed, too_large, not_supported or denied.",
    unit: "{request}",
  },
  rejected: {
    name: "gostcol_receiver_otlp_rejected",
    description: "Requests that were not answered with success, by reason.",
    unit: "{request}",
  },
  rejectedPoints: {
    name: "gostcol_receiver_otlp_rejected_points",
    description: "Points that were left out of requests that were taken, by reason; their senders were told.",
    unit: "{datapoint}",
  },
  openConnections: {
    name: "gostcol_receiver_otlp_open_connections",
    description: "Connections that are open, by transport.",
    unit: "{connection}",
  },
  series: {
    name: "gostcol_receiver_otlp_series",
    description: "Series that its senders have brought into being, those that are forgotten left out.",
    unit: "{series}",
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;
