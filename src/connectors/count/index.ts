import { defineConnector } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { createCount } from "./count.ts";
import { telemetry } from "./telemetry.ts";

export const countConnector = defineConnector({
  type: "count",
  summary: "Counts spans, span events, metrics, data points and log records, as metrics.",
  config: configSchema,
  telemetry,
  routes: [
    { from: "metrics", to: "metrics", stability: "beta" },
    { from: "traces", to: "metrics", stability: "beta" },
    { from: "logs", to: "metrics", stability: "beta" },
  ],
  create: createCount,
});
