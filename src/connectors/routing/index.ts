import { defineConnector } from "../../component/define.ts";
import { SIGNALS } from "../../model/signal.ts";
import { checkConfig, configSchema } from "./config.ts";
import { createRouting } from "./routing.ts";
import { telemetry } from "./telemetry.ts";

export const routingConnector = defineConnector({
  type: "routing",
  summary: "Sends data to the pipelines that a condition chooses: by resource, metric, data point, span or log record.",
  config: configSchema,
  check: checkConfig,
  telemetry,
  routes: SIGNALS.map((signal) => ({ from: signal, to: signal, stability: "beta" })),
  create: createRouting,
});
