import type { MetricDescription } from "../../component/meter.ts";

/** The receiver's own numbers. */
export const TELEMETRY = {
  requests: {
    name: "gostcol_receiver_gost_requests",
    description: "Requests by transport and outcome: taken, refused, malformed, unauthenticated or not_supported.",
    unit: "{request}",
  },
  rejected: {
    name: "gostcol_receiver_gost_rejected",
    description: "Requests that were not answered with success, by reason.",
    unit: "{request}",
  },
  skipped: {
    name: "gostcol_receiver_gost_skipped_events",
    description: "Events of accepted reports that could not be used, by reason.",
    unit: "{event}",
  },
  clamped: {
    name: "gostcol_receiver_gost_clamped_counts",
    description: "Counts that were negative (0 instead) or too large to be exact (2^53-1 instead).",
    unit: "{count}",
  },
  overflowed: {
    name: "gostcol_receiver_gost_overflowed_events",
    description: "Events of clients beyond the limit of series whose bytes went to their service's overflow series.",
    unit: "{event}",
  },
  nodeReports: {
    name: "gostcol_receiver_gost_node_reports",
    description: "Reports of each node that is known; it begins anew after a node was forgotten.",
    unit: "{report}",
  },
  lostStatuses: {
    name: "gostcol_receiver_gost_lost_statuses",
    description: "Reports of nothing but status events that were refused: GOST does not send them again.",
    unit: "{report}",
  },
  openConnections: {
    name: "gostcol_receiver_gost_open_connections",
    description: "Connections that are open.",
    unit: "{connection}",
  },
  series: {
    name: "gostcol_receiver_gost_series",
    description: "Series by node.",
    unit: "{series}",
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;
