import { defineProcessor } from "../../component/define.ts";
import { beforeSeriesChange } from "../../kit/order-rules.ts";
import { configSchema } from "./config.ts";
import { DeltaToCumulative } from "./delta-to-cumulative.ts";
import { storedTotals } from "./stored-totals.ts";
import { telemetry } from "./telemetry.ts";

export const deltaToCumulativeProcessor = defineProcessor({
  type: "delta_to_cumulative",
  aliases: ["deltatocumulative"],
  summary: "Makes totals that never go backwards, whatever restarts, from what GOST reports and from delta sums.",
  config: configSchema,
  signals: { metrics: "beta" },
  telemetry,
  holds: "nothing",
  order: beforeSeriesChange("its totals belong to the series that GOST's receiver made"),
  totals: storedTotals,
  create: (config, deps, next) => new DeltaToCumulative(config, deps, next),
});
