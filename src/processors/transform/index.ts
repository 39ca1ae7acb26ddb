import { defineProcessor } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { telemetry } from "./telemetry.ts";
import { createTransform } from "./transform.ts";

export const transformProcessor = defineProcessor({
  type: "transform",
  summary: "Changes data points, spans, span events and log records by OTTL statements.",
  config: configSchema,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  telemetry,
  holds: "nothing",
  create: createTransform,
});
