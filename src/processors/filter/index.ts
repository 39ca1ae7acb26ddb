import { defineProcessor } from "../../component/define.ts";
import { checkConfig } from "./check.ts";
import { configSchema } from "./config.ts";
import { createFilter } from "./filter.ts";
import { telemetry } from "./telemetry.ts";

export const filterProcessor = defineProcessor({
  type: "filter",
  summary: "Drops the data points, spans, span events and log records that a condition holds for.",
  config: configSchema,
  check: checkConfig,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  telemetry,
  holds: "nothing",
  create: createFilter,
});
