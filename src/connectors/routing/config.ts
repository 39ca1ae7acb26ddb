import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { errorMode, readCondition } from "../../kit/ottl/fields.ts";

const pipelines = () => z.array(z.string().min(1)).min(1);

/** What can be routed, and the signal that it is of; a resource has all of them. */
const SIGNAL_OF = {
  resource: undefined,
  metric: "metrics",
  datapoint: "metrics",
  span: "traces",
  log: "logs",
} as const;

export type RoutingContext = keyof typeof SIGNAL_OF;

const entry = z
  .strictObject({
    context: z
      .enum(["resource", "metric", "datapoint", "span", "log"])
      .default("resource")
      .describe("What is routed as a whole: all that is of a resource, or of a metric, or each item by itself."),
    condition: z
      .string()
      .meta({ format: "ottl-condition" })
      .describe("What has to hold of it; its own paths need no prefix."),
    pipelines: pipelines().describe("The pipelines that get it."),
  })
  .transform(({ context: name, condition: text, pipelines }, context) => ({
    ...readCondition<RoutingContext>(text, name, ["condition"], context),
    pipelines,
  }));

export type Entry = z.output<typeof entry>;

export const configSchema = z.strictObject({
  table: z.array(entry).min(1).describe("Where data goes: the first entry whose condition holds of it decides."),
  default_pipelines: pipelines()
    .optional()
    .describe("The pipelines that get what no condition holds of; without any it is dropped and counted."),
  error_mode: errorMode().describe(
    "What becomes of a condition that fails: it does not hold and that is logged (ignore) or not (silent), or the data is refused (propagate).",
  ),
});

export type Config = z.output<typeof configSchema>;

/** Pipelines begin with a signal; one connector leads to those of each signal that it is given. */
export function checkConfig({ table, default_pipelines: others = [] }: Config): readonly ConfigProblem[] {
  const lists = table.map(({ pipelines, context }, index) => ({
    pipelines,
    signals: SIGNAL_OF[context] ?? "metrics|traces|logs",
    path: ["table", index, "pipelines"],
  }));
  return [...lists, { pipelines: others, signals: "metrics|traces|logs", path: ["default_pipelines"] }].flatMap(
    ({ pipelines, signals, path }) =>
      pipelines.flatMap((id, index): ConfigProblem[] =>
        new RegExp(`^(${signals})(/.+)?$`).test(id)
          ? []
          : [
              {
                severity: "error",
                path: [...path, index],
                code: "bad_pipeline_id",
                message: `${id} is no id of a pipeline that this can go to`,
                expected: `${signals.replaceAll("|", ", ")}, with a name behind a slash if there are several`,
              },
            ],
      ),
  );
}
