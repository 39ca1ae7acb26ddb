import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { conditionOf, errorMode } from "../../kit/ottl/fields.ts";

const pipelines = () => z.array(z.string().min(1)).min(1);

export const configSchema = z.strictObject({
  table: z
    .array(
      z.strictObject({
        context: z
          .literal("resource")
          .default("resource")
          .describe("What is routed as a whole: everything of a resource."),
        condition: conditionOf("resource").describe("What has to hold of the resource."),
        pipelines: pipelines().describe("The pipelines that get it."),
      }),
    )
    .min(1)
    .describe("Where resources go: the first entry whose condition holds decides."),
  default_pipelines: pipelines()
    .optional()
    .describe("The pipelines that get what no condition holds of; without any it is dropped and counted."),
  error_mode: errorMode().describe(
    "What becomes of a condition that fails: it does not hold and that is logged (ignore) or not (silent), or the data is refused (propagate).",
  ),
});

export type Config = z.output<typeof configSchema>;

/** Pipelines begin with a signal; one connector leads to those of each signal that it is given. */
export function checkConfig({ table, default_pipelines: others }: Config): readonly ConfigProblem[] {
  const lists = table.map(({ pipelines: list }, index) => ({ list, path: ["table", index, "pipelines"] as const }));
  const all = others === undefined ? lists : [...lists, { list: others, path: ["default_pipelines"] as const }];
  return all.flatMap(({ list, path }) =>
    list.flatMap((id, index): ConfigProblem[] =>
      /^(metrics|traces|logs)(\/.+)?$/.test(id)
        ? []
        : [
            {
              severity: "error",
              path: [...path, index],
              code: "bad_pipeline_id",
              message: `${id} is no pipeline's id`,
              expected: "metrics, traces or logs, with a name behind a slash if there are several",
            },
          ],
    ),
  );
}
