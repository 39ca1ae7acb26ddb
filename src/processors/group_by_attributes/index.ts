import { defineProcessor } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { createGroupByAttributes } from "./group-by-attributes.ts";
import { telemetry } from "./telemetry.ts";

export const groupByAttributesProcessor = defineProcessor({
  type: "group_by_attributes",
  aliases: ["groupbyattrs"],
  summary: "Moves attributes of data points, spans and log records to their resources.",
  config: configSchema,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  telemetry,
  holds: "nothing",
  create: createGroupByAttributes,
});
