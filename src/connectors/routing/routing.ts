import type { Connector, ConnectorNext, Deps } from "../../component/component.ts";
import type { Consumer } from "../../component/delivery.ts";
import { failureTeller } from "../../kit/ottl/failures.ts";
import { itemCount, type Signal } from "../../model/signal.ts";
import type { Config } from "./config.ts";
import { Routes } from "./routes.ts";
import { SPLIT } from "./split.ts";
import { FAILED_CONDITIONS, UNROUTED } from "./telemetry.ts";

/** Sends data to the pipelines of the first entry whose condition holds of it. */
export function createRouting(config: Config, deps: Deps, next: ConnectorNext): Connector {
  const tell = failureTeller("condition", deps, deps.meter.counter(FAILED_CONDITIONS));
  const routes = new Routes(config, deps.series, (failure, text) => tell(failure, text, config.error_mode));
  const routed = <S extends Signal>(signal: S): Consumer<S> => {
    const unrouted = deps.meter.counter(UNROUTED, { "otel.signal": signal });
    return {
      consume(batch, delivery) {
        const waiting: Promise<void>[] = [];
        for (const [route, part] of SPLIT[signal](batch, routes)) {
          const targets = (route ?? []).map((id) => next.pipeline(signal, id)).filter((target) => target !== undefined);
          if (targets.length === 0) {
            delivery.onCommitted(() => (unrouted.value += itemCount(signal, part)));
          }
          for (const target of targets) {
            const consuming = target.consume(part, delivery);
            if (consuming instanceof Promise) waiting.push(consuming);
          }
        }
        return waiting.length === 0 ? undefined : allTaken(waiting);
      },
    };
  };
  return {
    metrics: routed("metrics"),
    traces: routed("traces"),
    logs: routed("logs"),
    async stop() {
      routes.dispose();
    },
  };
}

/** Waits for all, for nothing of a delivery may run on once it is refused. */
async function allTaken(waiting: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(waiting);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
