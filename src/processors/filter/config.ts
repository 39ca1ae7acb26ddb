import * as z from "zod";
import type { ContextName } from "../../kit/ottl/contexts/context.ts";
import { conditionGroup, conditionOf, errorMode } from "../../kit/ottl/fields.ts";

const conditionsOf = <Name extends ContextName>(context: Name, dropped: string) =>
  z
    .array(conditionOf(context))
    .default([])
    .describe(`Conditions of the context ${context}; where one holds, ${dropped}.`);

const WHOLE_RESOURCE = "everything of that resource is dropped";

export const configSchema = z.strictObject({
  error_mode: errorMode().describe(
    "What becomes of a condition that fails: it does not hold and that is logged (ignore) or not (silent), or the data is refused (propagate).",
  ),
  metric_conditions: z
    .array(conditionGroup("resource", "scope", "metric", "datapoint"))
    .default([])
    .describe("Conditions whose paths say their context; data points are dropped where one holds."),
  trace_conditions: z
    .array(conditionGroup("resource", "scope", "span", "spanevent"))
    .default([])
    .describe("Conditions whose paths say their context; spans, or their events, are dropped where one holds."),
  log_conditions: z
    .array(conditionGroup("resource", "scope", "log"))
    .default([])
    .describe("Conditions whose paths say their context; log records are dropped where one holds."),
  metrics: z
    .strictObject({
      resource: conditionsOf("resource", WHOLE_RESOURCE),
      metric: conditionsOf("metric", "the metric is dropped"),
      datapoint: conditionsOf("datapoint", "the data point is dropped"),
    })
    .prefault({})
    .describe("The older way to write `metric_conditions`: a list for each context."),
  traces: z
    .strictObject({
      resource: conditionsOf("resource", WHOLE_RESOURCE),
      span: conditionsOf("span", "the span is dropped"),
      spanevent: conditionsOf("spanevent", "the span's event is dropped"),
    })
    .prefault({})
    .describe("The older way to write `trace_conditions`: a list for each context."),
  logs: z
    .strictObject({
      resource: conditionsOf("resource", WHOLE_RESOURCE),
      log_record: conditionsOf("log", "the log record is dropped"),
    })
    .prefault({})
    .describe("The older way to write `log_conditions`: a list for each context."),
});

export type Config = z.output<typeof configSchema>;
