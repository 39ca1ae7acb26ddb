import type { Deps, Processor } from "../../component/component.ts";
import { defineProcessor } from "../../component/define.ts";
import type { Load, Next } from "../../component/delivery.ts";
import type { MetricDescription } from "../../component/meter.ts";
import { Refusal } from "../../component/refusal.ts";
import { MEMORY_COLLECTIONS, MEMORY_SHORT, MemoryLimit } from "../../kit/memory-limit.ts";
import { type Config, checkConfig, config, limitsOf } from "./config.ts";

const REFUSED: MetricDescription = {
  name: "gostcol_processor_memory_limiter_refused_requests",
  description: "Requests that were refused for want of memory; what they hold was not looked at",
  unit: "{request}",
};

export const memoryLimiterProcessor = defineProcessor({
  type: "memory_limiter",
  summary: "Has its pipelines refuse what comes while too much memory is in use, before anything is done with it.",
  config,
  check: checkConfig,
  signals: { metrics: "beta", traces: "beta", logs: "beta" },
  telemetry: [REFUSED, MEMORY_SHORT, MEMORY_COLLECTIONS],
  holds: "nothing",
  passesUnchanged: true,
  order: [
    {
      before: "*",
      because: "it is asked first wherever it stands, but a Collector would have worked for what it then refuses",
    },
  ],
  create: createMemoryLimiter,
});

function createMemoryLimiter(config: Config, { memory, clock, log, meter }: Deps, next: Next): Processor {
  const lookPeriodMs = config.check_interval;
  const limit = memory && new MemoryLimit({ memory, clock, log, meter, limits: limitsOf(config), lookPeriodMs });
  const refused = meter.counter(REFUSED);

  function admit(upperBound: Load): Refusal | undefined {
    if (limit === undefined || limit.hasRoom(upperBound, upperBound.irreplaceable === true)) return undefined;
    refused.value++;
    return new Refusal("retryable", "out_of_memory", "memory is short");
  }

  return {
    metrics: { consume: (batch, delivery) => next.metrics?.consume(batch, delivery), admit },
    traces: { consume: (batch, delivery) => next.traces?.consume(batch, delivery), admit },
    logs: { consume: (batch, delivery) => next.logs?.consume(batch, delivery), admit },
    async stop() {
      limit?.dispose();
    },
    async health() {
      if (limit?.isShort() !== true) return { status: "ok" };
      return { status: "failed", refuses: true, message: "memory is short: what comes is refused" };
    },
  };
}
