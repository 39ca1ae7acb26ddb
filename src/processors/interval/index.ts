import { defineProcessor } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { Interval } from "./interval.ts";
import { telemetry } from "./telemetry.ts";

export const intervalProcessor = defineProcessor({
  type: "interval",
  summary: "Hands on the newest value of each series once in an interval.",
  config: configSchema,
  signals: { metrics: "beta" },
  telemetry,
  holds: "store",
  create: (config, deps, next) => new Interval(config, deps, next),
});
