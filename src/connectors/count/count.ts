import type { Connector, ConnectorNext, Deps } from "../../component/component.ts";
import { idText } from "../../component/id.ts";
import { anyOf } from "../../kit/ottl/any-of.ts";
import type { Condition } from "../../kit/ottl/condition.ts";
import type { ContextName } from "../../kit/ottl/contexts/context.ts";
import type { Subjects } from "../../kit/ottl/contexts/contexts.ts";
import { failureTeller } from "../../kit/ottl/failures.ts";
import { NO_ATTRIBUTES } from "../../model/attributes.ts";
import { allPoints } from "../../model/points.ts";
import type { Series } from "../../model/series.ts";
import type { Config } from "./config.ts";
import { type ItemCounter, Tally } from "./tally.ts";
import { FAILED_CONDITIONS } from "./telemetry.ts";

interface Written<Name extends ContextName> {
  readonly description: string;
  readonly conditions: readonly Condition<Subjects[Name]>[];
  readonly attributes: ItemCounter<unknown>["attributes"];
}

/** Counts what passes: of each batch the number of its items, as deltas, in the delivery that brought them. */
export function createCount(config: Config, deps: Deps, next: ConnectorNext): Connector {
  const { series: table } = deps;
  const tell = failureTeller("condition", deps, deps.meter.counter(FAILED_CONDITIONS));
  const counters = <Name extends ContextName>(written: Readonly<Record<string, Written<Name>>>) =>
    Object.entries(written).map(([name, { description, conditions, attributes }]): ItemCounter<Subjects[Name]> => {
      const metric = table.metric({
        name,
        unit: "",
        description,
        type: "sum",
        monotonic: true,
        temporality: "delta",
        number: "int",
      });
      const any = anyOf(conditions, (failure, { text }) => tell(failure, text, "ignore"));
      return { metric, conditions: conditions.length === 0 ? undefined : any, attributes };
    });
  const spans = counters<"span">(config.spans);
  const events = counters<"spanevent">(config.spanevents);
  const metrics = counters<"metric">(config.metrics);
  const points = counters<"datapoint">(config.datapoints);
  const logs = counters<"log">(config.logs);
  const scope = table.scope(idText(deps.id));
  const counted =
    <B>(count: (batch: B, tally: Tally) => void) =>
    (batch: B, delivery: Parameters<NonNullable<ConnectorNext["metrics"]>["consume"]>[1]) => {
      const tally = new Tally(table, scope);
      count(batch, tally);
      const made = tally.points(delivery.receivedAt);
      if (made.length > 0) return next.metrics?.consume({ rows: [], points: made }, delivery);
    };
  return {
    metrics: {
      consume: counted((batch, tally) => {
        const all = allPoints(batch);
        for (const point of all) tally.count(points, point, point.series.resource, point.series.attributes);
        for (const one of metricsOf(all.map(({ series }) => series))) {
          tally.count(metrics, one, one.resource, NO_ATTRIBUTES);
        }
      }),
    },
    traces: {
      consume: counted((batch, tally) => {
        for (const span of batch.spans) {
          tally.count(spans, span, span.resource, span.attributes);
          for (const event of span.events) tally.count(events, { span, event }, span.resource, event.attributes);
        }
      }),
    },
    logs: {
      consume: counted((batch, tally) => {
        for (const record of batch.records) tally.count(logs, record, record.resource, record.attributes);
      }),
    },
  };
}

/** One series of each metric: a metric is counted once for each resource and scope that has it. */
function metricsOf(all: readonly Series[]): readonly Series[] {
  const seen = new Map<unknown, Map<unknown, Set<unknown>>>();
  return [...new Set(all)].filter(({ resource, scope, metric }) => {
    const byScope = seen.get(resource) ?? new Map<unknown, Set<unknown>>();
    const metrics = byScope.get(scope) ?? new Set();
    seen.set(resource, byScope.set(scope, metrics));
    return !metrics.has(metric) && metrics.add(metric) !== undefined;
  });
}
