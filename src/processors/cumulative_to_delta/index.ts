import { defineProcessor } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { CumulativeToDelta } from "./cumulative-to-delta.ts";
import { telemetry } from "./telemetry.ts";

export const cumulativeToDeltaProcessor = defineProcessor({
  type: "cumulative_to_delta",
  aliases: ["cumulativetodelta"],
  summary: "Makes deltas of cumulative sums and histograms, for backends that want those.",
  config: configSchema,
  signals: { metrics: "beta" },
  telemetry,
  holds: "nothing",
  create: (config, deps, next) => new CumulativeToDelta(config, deps, next),
});
