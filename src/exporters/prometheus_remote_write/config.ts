import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { httpClientFields } from "../../kit/client/http-client-config.ts";
import { duration, httpUrl } from "../../kit/fields.ts";
import type { SeriesNamingOptions } from "../../kit/prometheus/series-naming.ts";
import { TRANSLATION_STRATEGIES } from "../../kit/prometheus/translation.ts";
import { sendFields } from "../../kit/send/config.ts";
import { formatDuration } from "../../lib/duration.ts";

export const PROTOBUF_MESSAGES = ["prometheus.WriteRequest", "io.prometheus.write.v2.Request"] as const;

export const config = z.strictObject({
  endpoint: httpUrl().describe("Where it is written to, with the path: `/api/v1/write` for Prometheus."),
  protobuf_message: z
    .enum(PROTOBUF_MESSAGES)
    .default("prometheus.WriteRequest")
    .describe("Remote write 1.0, which every receiver takes, or 2.0, which tells what it took of a request."),
  namespace: z.string().default("").describe("Put in front of every metric's name, with an underscore."),
  external_labels: z
    .record(z.string().min(1), z.string())
    .default({})
    .describe("Labels that every series gets; a series' own label of that name comes first."),
  translation_strategy: z
    .enum(TRANSLATION_STRATEGIES)
    .default("UnderscoreEscapingWithSuffixes")
    .describe("How names become Prometheus names."),
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
  without_scope_info: z
    .boolean()
    .default(false)
    .describe("Leaves out the labels that name the instrumentation scope (`otel_scope_name` and the like)."),
  target_info: z
    .strictObject({ enabled: z.boolean().default(true).describe("Whether each request tells of its resources.") })
    .prefault({})
    .describe("The series `target_info`, which carries the resource's attributes."),
  export_created_metric: z
    .strictObject({ enabled: z.boolean().default(false).describe("Whether there are `_created` series.") })
    .prefault({})
    .describe("Series that tell when a counter or a histogram began at zero; with 2.0 every sample tells it anyway."),
  resend_interval: duration(120_000).describe(
    "After how long without news a stored total is written once more, so that queries find idle series; 0 never.",
  ),
  ...httpClientFields(),
  ...sendFields(5000),
});

/** A check each quarter of it is enough, and Prometheus shows series for minutes. */
const RESEND_INTERVAL_MIN_MS = 10_000;

export type Config = z.output<typeof config>;

export function namingOptions(config: Config): SeriesNamingOptions {
  const { enabled, exclude_service_attributes } = config.resource_to_telemetry_conversion;
  return {
    strategy: config.translation_strategy,
    namespace: config.namespace,
    constLabels: config.external_labels,
    resourceLabels: enabled,
    excludeServiceAttributes: exclude_service_attributes,
    scopeLabels: !config.without_scope_info,
  };
}

/** An attempt that is still under way has to be over before anything of its series is written once more. */
export function checkResending({ resend_interval: intervalMs, timeout: timeoutMs }: Config): readonly ConfigProblem[] {
  if (intervalMs === 0 || intervalMs >= Math.max(RESEND_INTERVAL_MIN_MS, 2 * timeoutMs)) return [];
  const expected = `at least ${formatDuration(RESEND_INTERVAL_MIN_MS)} and twice the timeout, or 0`;
  return [{ severity: "error", path: ["resend_interval"], code: "out_of_range", message: "too short", expected }];
}
