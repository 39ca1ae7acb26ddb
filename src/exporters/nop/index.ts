import { defineExporter } from "../../component/define.ts";
import type { Consumer } from "../../component/delivery.ts";
import type { Signal } from "../../model/signal.ts";
import { configSchema } from "./config.ts";

/** Takes whatever it gets. */
const nothing: Consumer<Signal> = { consume: () => {} };

export const nopExporter = defineExporter({
  type: "nop",
  summary: "Takes everything and does nothing with it.",
  config: configSchema,
  signals: { metrics: "stable", traces: "stable", logs: "stable" },
  create: () => ({ metrics: nothing, traces: nothing, logs: nothing }),
});
