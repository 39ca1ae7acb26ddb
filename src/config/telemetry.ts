import * as z from "zod";

const prometheusReader = z.strictObject({
  host: z
    .string()
    .min(1)
    .default("127.0.0.1")
    .describe("Address of this machine that the agent's own metrics are served on."),
  port: z.int().min(0).max(65_535).default(8888).describe("Port of the agent's own metrics; 0 lets the system choose."),
  without_scope_info: z.boolean().default(true).describe("Leaves the labels of the instrumentation scope out."),
  without_type_suffix: z.boolean().default(false).describe("Leaves `_total` off the names of counters."),
  without_units: z.boolean().default(false).describe("Leaves the unit off the names."),
});

const reader = z.strictObject({
  pull: z
    .strictObject({
      exporter: z
        .strictObject({
          prometheus: prometheusReader.prefault({}).describe("Serves the metrics for Prometheus to scrape."),
        })
        .describe("What serves them."),
    })
    .describe("A reader that waits to be asked."),
});

/** `service.telemetry`: what the agent says of itself; the Collector's names. */
export const telemetrySchema = z.strictObject({
  logs: z
    .strictObject({
      level: z.enum(["debug", "info", "warn", "error"]).default("info").describe("The least severity that is written."),
      encoding: z
        .enum(["console", "json"])
        .optional()
        .describe(
          "`console` for people, `json` for machines; by default `console` on a terminal and `json` elsewhere.",
        ),
    })
    .prefault({})
    .describe("The agent's log, on standard error."),
  metrics: z
    .strictObject({
      level: z
        .enum(["none", "basic", "normal", "detailed"])
        .default("normal")
        .describe("How much the agent measures of itself; `none` serves nothing."),
      readers: z
        .array(reader)
        .prefault([{ pull: { exporter: { prometheus: {} } } }])
        .describe("How the agent's own metrics can be read."),
    })
    .prefault({})
    .describe("The agent's own metrics."),
  resource: z
    .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
    .prefault({})
    .describe("Attributes of the resource that the agent's own metrics carry."),
});

export type TelemetryConfig = z.output<typeof telemetrySchema>;
