import { defineProcessor } from "../../component/define.ts";
import { beforeSeriesChange } from "../../kit/order-rules.ts";
import { configSchema } from "./config.ts";
import { Dedupe } from "./dedupe.ts";
import { telemetry } from "./telemetry.ts";

export const dedupeProcessor = defineProcessor({
  type: "dedupe",
  summary: "Lets each report of a source through once, by proof of which answers were read.",
  config: configSchema,
  signals: { metrics: "beta" },
  telemetry,
  holds: "nothing",
  passesUnchanged: true,
  order: [
    { before: "delta_to_cumulative", because: "its totals would count repeated reports again" },
    ...beforeSeriesChange("it knows reports by the series that GOST's receiver made"),
  ],
  create: (config, deps, next) => new Dedupe(config, deps, next),
});
