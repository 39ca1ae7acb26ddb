import type { Deps, Processor } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import type { ContextName } from "../../kit/ottl/contexts/context.ts";
import { failureTeller } from "../../kit/ottl/failures.ts";
import type { StatementSection } from "../../kit/ottl/fields.ts";
import { type Step, stepsOf } from "../../kit/ottl/steps.ts";
import type { Config } from "./config.ts";
import { recordEdit, spanEdit } from "./item-stages.ts";
import { metricStages } from "./metric-stages.ts";
import { FAILED_STATEMENTS } from "./telemetry.ts";

/** Runs statements over what passes, each signal's own. */
export function createTransform(config: Config, deps: Deps, next: Next): Processor {
  const tell = failureTeller("statement", deps, deps.meter.counter(FAILED_STATEMENTS));
  const steps = <Name extends ContextName>(sections: readonly StatementSection<Name>[]): readonly Step<Name>[] =>
    sections.flatMap(({ group, errorMode = config.error_mode }) =>
      stepsOf(group, (failure, text) => tell(failure, text, errorMode)),
    );
  const { series: table } = deps;
  const metrics = metricStages(steps(config.metric_statements), table);
  const ofSpan = spanEdit(steps(config.trace_statements), table);
  const ofRecord = recordEdit(steps(config.log_statements), table);
  return {
    metrics: { consume: (batch, delivery) => next.metrics?.consume(metrics.run(batch), delivery) },
    traces: { consume: ({ spans }, delivery) => next.traces?.consume({ spans: spans.map(ofSpan) }, delivery) },
    logs: { consume: ({ records }, delivery) => next.logs?.consume({ records: records.map(ofRecord) }, delivery) },
    async stop() {
      metrics.dispose();
    },
  };
}
