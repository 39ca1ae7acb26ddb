import * as z from "zod";
import { serverAuthConfig } from "../../kit/auth/server-guard.ts";
import { duration, endpoint } from "../../kit/fields.ts";
import type { SeriesNamingOptions } from "../../kit/prometheus/series-naming.ts";
import { TRANSLATION_STRATEGIES, type TranslationStrategy } from "../../kit/prometheus/translation.ts";
import { serverTlsConfig } from "../../kit/tls/server-tls.ts";

export const config = z.strictObject({
  endpoint: endpoint("127.0.0.1:9464").describe("Where Prometheus scrapes `/metrics`."),
  tls: serverTlsConfig()
    .optional()
    .describe("Serves HTTPS; `client_ca_file` lets in only scrapers with a certificate."),
  auth: serverAuthConfig(),
  namespace: z.string().default("").describe("Put in front of every metric's name, with an underscore."),
  const_labels: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe("Labels that every series gets; a series' own label of that name comes first."),
  send_timestamps: z.boolean().default(false).describe("Whether each value carries its own time."),
  metric_expiration: duration(5 * 60_000).describe(
    "How long a series is shown without news; never for series with a stored total. `0s` keeps all.",
  ),
  enable_open_metrics: z
    .boolean()
    .default(false)
    .describe("Whether scrapers that ask for OpenMetrics get it; exemplars are shown in it only."),
  export_created_metric: z
    .strictObject({
      enabled: z.boolean().default(false).describe("Whether there are `_created` series."),
    })
    .prefault({})
    .describe("Series that tell when a counter or a histogram began at zero, in seconds since the epoch."),
  resource_to_telemetry_conversion: z
    .strictObject({
      enabled: z.boolean().default(false).describe("Whether resource attributes become labels of every series."),
      exclude_service_attributes: z
        .boolean()
        .default(false)
        .describe("Leaves out those that `job` and `instance` are made of."),
    })
    .prefault({})
    .describe("Resource attributes as labels; without it they stand on `target_info` only."),
  translation_strategy: z
    .enum(TRANSLATION_STRATEGIES)
    .optional()
    .describe("How names become Prometheus names; UnderscoreEscapingWithSuffixes unless given."),
  add_metric_suffixes: z
    .boolean()
    .optional()
    .meta({ deprecated: true, replacement: "translation_strategy" })
    .describe("Whether names end with unit and type, where `translation_strategy` does not say."),
  without_scope_info: z
    .boolean()
    .default(false)
    .describe("Leaves out the labels that name the instrumentation scope (`otel_scope_name` and the like)."),
  limits: z
    .strictObject({
      series: z
        .int()
        .min(1)
        .default(1_000_000)
        .describe("Series that are shown; further ones are dropped and counted."),
      connections: z.int().min(1).default(100).describe("Connections that may be open at a time."),
    })
    .prefault({})
    .describe("How much there may be."),
});

export type Config = z.output<typeof config>;

export function namingOptions(config: Config): SeriesNamingOptions {
  const { enabled, exclude_service_attributes } = config.resource_to_telemetry_conversion;
  return {
    strategy: translationStrategy(config),
    namespace: config.namespace,
    constLabels: config.const_labels,
    resourceLabels: enabled,
    excludeServiceAttributes: exclude_service_attributes,
    scopeLabels: !config.without_scope_info,
  };
}

function translationStrategy({ translation_strategy, add_metric_suffixes }: Config): TranslationStrategy {
  if (translation_strategy !== undefined) return translation_strategy;
  return add_metric_suffixes === false ? "UnderscoreEscapingWithoutSuffixes" : "UnderscoreEscapingWithSuffixes";
}
