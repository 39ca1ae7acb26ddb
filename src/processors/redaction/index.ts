import { defineProcessor } from "../../component/define.ts";
import { checkConfig, configSchema } from "./config.ts";
import { createRedaction } from "./redaction.ts";
import { telemetry } from "./telemetry.ts";

export const redactionProcessor = defineProcessor({
  type: "redaction",
  summary: "Takes away, masks or hashes attributes that nobody is to see; series that become one by it are added up.",
  config: configSchema,
  check: checkConfig,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  telemetry,
  holds: "nothing",
  create: createRedaction,
});
