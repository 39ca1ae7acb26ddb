import type { Processor } from "../../component/component.ts";
import { defineProcessor } from "../../component/define.ts";
import type { Batching, Next } from "../../component/delivery.ts";
import { type Config, checkConfig, configSchema } from "./config.ts";

export const batchProcessor = defineProcessor({
  type: "batch",
  summary: "Has the queues of the exporters behind it send larger requests; it holds nothing itself.",
  config: configSchema,
  check: checkConfig,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  holds: "nothing",
  passesUnchanged: true,
  create: (config, _, next) => createBatch(config, next),
});

function createBatch(config: Config, next: Next): Processor {
  const batching: Batching = {
    itemsMin: config.timeout === 0 ? 0 : config.send_batch_size,
    itemsMax: config.send_batch_max_size,
    flushTimeoutMs: config.timeout,
  };
  return {
    batching,
    metrics: { consume: (batch, delivery) => next.metrics?.consume(batch, delivery) },
    traces: { consume: (batch, delivery) => next.traces?.consume(batch, delivery) },
    logs: { consume: (batch, delivery) => next.logs?.consume(batch, delivery) },
  };
}
