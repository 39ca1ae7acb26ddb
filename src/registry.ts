import type { Registry } from "./component/registry.ts";

/** Every component that gostcol has; its code is loaded when something names it. */
export const registry: Registry = {
  receivers: [
    { type: "gost", load: () => import("./receivers/gost/index.ts") },
    { type: "otlp", load: () => import("./receivers/otlp/index.ts") },
  ],
  processors: [
    { type: "attributes", load: () => import("./processors/attributes/index.ts") },
    { type: "batch", load: () => import("./processors/batch/index.ts") },
    {
      type: "cumulative_to_delta",
      aliases: ["cumulativetodelta"],
      load: () => import("./processors/cumulative_to_delta/index.ts"),
    },
    { type: "dedupe", load: () => import("./processors/dedupe/index.ts") },
    {
      type: "delta_to_cumulative",
      aliases: ["deltatocumulative"],
      load: () => import("./processors/delta_to_cumulative/index.ts"),
    },
    { type: "filter", load: () => import("./processors/filter/index.ts") },
    {
      type: "group_by_attributes",
      aliases: ["groupbyattrs"],
      load: () => import("./processors/group_by_attributes/index.ts"),
    },
    { type: "interval", load: () => import("./processors/interval/index.ts") },
    { type: "redaction", load: () => import("./processors/redaction/index.ts") },
    { type: "memory_limiter", load: () => import("./processors/memory_limiter/index.ts") },
    { type: "resource", load: () => import("./processors/resource/index.ts") },
    { type: "series_limit", load: () => import("./processors/series_limit/index.ts") },
    { type: "transform", load: () => import("./processors/transform/index.ts") },
  ],
  exporters: [
    { type: "prometheus", load: () => import("./exporters/prometheus/index.ts") },
    {
      type: "prometheus_remote_write",
      aliases: ["prometheusremotewrite"],
      load: () => import("./exporters/prometheus_remote_write/index.ts"),
    },
    { type: "otlp_grpc", aliases: ["otlp"], load: () => import("./exporters/otlp_grpc/index.ts") },
    { type: "otlp_http", aliases: ["otlphttp"], load: () => import("./exporters/otlp_http/index.ts") },
    { type: "statsd", load: () => import("./exporters/statsd/index.ts") },
    { type: "file", load: () => import("./exporters/file/index.ts") },
    { type: "webhook", load: () => import("./exporters/webhook/index.ts") },
    { type: "debug", load: () => import("./exporters/debug/index.ts") },
    { type: "nop", load: () => import("./exporters/nop/index.ts") },
  ],
  connectors: [
    { type: "count", load: () => import("./connectors/count/index.ts") },
    { type: "forward", load: () => import("./connectors/forward/index.ts") },
    { type: "routing", load: () => import("./connectors/routing/index.ts") },
  ],
  extensions: [
    { type: "file_storage", load: () => import("./extensions/file_storage/index.ts") },
    { type: "health_check", load: () => import("./extensions/health_check/index.ts") },
    {
      type: "bearer_token_auth",
      aliases: ["bearertokenauth"],
      load: () => import("./extensions/bearer_token_auth/index.ts"),
    },
    { type: "basic_auth", aliases: ["basicauth"], load: () => import("./extensions/basic_auth/index.ts") },
  ],
};
