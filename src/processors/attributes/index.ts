import { defineProcessor } from "../../component/define.ts";
import { createAttributes } from "./attributes.ts";
import { configSchema } from "./config.ts";

export const attributesProcessor = defineProcessor({
  type: "attributes",
  summary: "Changes the attributes of data points, spans and log records.",
  config: configSchema,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  holds: "nothing",
  create: createAttributes,
});
