import { defineProcessor } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { SeriesLimit } from "./series-limit.ts";
import { telemetry } from "./telemetry.ts";

export const seriesLimitProcessor = defineProcessor({
  type: "series_limit",
  summary: "Gives series of their own to the largest streams, and adds all others up in one, without losing any of it.",
  config: configSchema,
  signals: { metrics: "beta" },
  telemetry,
  holds: "nothing",
  create: (config, deps, next) => new SeriesLimit(config, deps, next),
});
