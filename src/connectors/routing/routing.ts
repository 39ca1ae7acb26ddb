import type { Connector, ConnectorNext, Deps } from "../../component/component.ts";
import type { Consumer } from "../../component/delivery.ts";
import { lastResource } from "../../kit/last-resource.ts";
import { EvaluationError } from "../../kit/ottl/errors.ts";
import { failureTeller } from "../../kit/ottl/failures.ts";
import type { Resource } from "../../model/series.ts";
import { itemCount, type Signal } from "../../model/signal.ts";
import type { Config } from "./config.ts";
import { SPLIT } from "./split.ts";
import { FAILED_CONDITIONS, UNROUTED } from "./telemetry.ts";

/** The ids of pipelines; undefined: dropped. */
type Route = readonly string[] | undefined;

/** Sends everything of a resource to the pipelines of the first entry whose condition holds of it. */
export function createRouting(config: Config, deps: Deps, next: ConnectorNext): Connector {
  const tell = failureTeller("condition", deps, deps.meter.counter(FAILED_CONDITIONS));
  const holds = ({ condition }: Config["table"][number], resource: Resource): boolean => {
    try {
      return condition.test({ resource });
    } catch (failure) {
      if (!(failure instanceof EvaluationError)) throw failure;
      tell(failure, condition.text, config.error_mode);
      return false;
    }
  };
  const routeOf = lastResource(
    (resource): Route =>
      (config.table.find((entry) => holds(entry, resource)) ?? { pipelines: config.default_pipelines }).pipelines,
  );
  const routed = <S extends Signal>(signal: S): Consumer<S> => {
    const unrouted = deps.meter.counter(UNROUTED, { "otel.signal": signal });
    return {
      consume(batch, delivery) {
        const waiting: Promise<void>[] = [];
        for (const [route, part] of SPLIT[signal](batch, routeOf)) {
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
  return { metrics: routed("metrics"), traces: routed("traces"), logs: routed("logs") };
}

/** Waits for all, for nothing of a delivery may run on once it is refused. */
async function allTaken(waiting: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(waiting);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
