import { defineProcessor } from "../../component/define.ts";
import { configSchema } from "./config.ts";
import { createResource } from "./resource.ts";

export const resourceProcessor = defineProcessor({
  type: "resource",
  summary: "Changes the attributes of resources.",
  config: configSchema,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  holds: "nothing",
  create: createResource,
});
