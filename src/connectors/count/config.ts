import * as z from "zod";
import type { ContextName } from "../../kit/ottl/contexts/context.ts";
import { conditionOf } from "../../kit/ottl/fields.ts";

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const attribute = z.strictObject({
  key: z.string().min(1).describe("The attribute by which it is counted apart."),
  default_value: scalar
    .optional()
    .describe("The value for what has no such attribute; without it that is not counted."),
});

interface Default {
  readonly name: string;
  readonly description: string;
}

/** Counters by the names of their metrics; without any, the Collector's own. */
const counters = <Name extends ContextName>(context: Name, { name, description }: Default) =>
  z
    .record(
      z.string().min(1),
      z
        .strictObject({
          description: z.string().default("").describe("What the metric says of itself."),
          conditions: z
            .array(conditionOf(context))
            .default([])
            .describe("Where there are some, one of them has to hold."),
          attributes: z.array(attribute).default([]).describe("What it is counted apart by."),
        })
        .nullable()
        .transform((written) => written ?? { description: "", conditions: [], attributes: [] }),
    )
    .transform((written) =>
      Object.keys(written).length > 0 ? written : { [name]: { description, conditions: [], attributes: [] } },
    )
    .prefault({})
    .describe(`Metrics by name; without any it is ${name}.`);

export const configSchema = z.strictObject({
  spans: counters("span", { name: "trace.span.count", description: "The number of spans observed." }),
  spanevents: counters("spanevent", {
    name: "trace.span.event.count",
    description: "The number of span events observed.",
  }),
  metrics: counters("metric", { name: "metric.count", description: "The number of metrics observed." }),
  datapoints: counters("datapoint", {
    name: "metric.data_point.count",
    description: "The number of data points observed.",
  }),
  logs: counters("log", { name: "log.record.count", description: "The number of log records observed." }),
});

export type Config = z.output<typeof configSchema>;
