import type { Connector, ConnectorNext } from "../../component/component.ts";
import { defineConnector } from "../../component/define.ts";
import type { Consumer } from "../../component/delivery.ts";
import { SIGNALS, type Signal } from "../../model/signal.ts";
import { configSchema } from "./config.ts";

export const forwardConnector = defineConnector({
  type: "forward",
  summary: "Joins pipelines of one signal: what leaves some of them enters others.",
  config: configSchema,
  routes: SIGNALS.map((signal) => ({ from: signal, to: signal, stability: "beta" })),
  create: (_, __, next): Connector => ({
    metrics: onward("metrics", next),
    traces: onward("traces", next),
    logs: onward("logs", next),
  }),
});

/** As it came, so those behind it are asked to examine the very batch. */
function onward<S extends Signal>(signal: S, next: ConnectorNext): Consumer<S> {
  const target = () => next[signal] as Consumer<S> | undefined;
  return {
    consume: (batch, delivery) => target()?.consume(batch, delivery),
    examine: (batch) => target()?.examine?.(batch),
  };
}
