import * as z from "zod";
import { duration, refuse } from "../../kit/fields.ts";
import { OttlError } from "../../kit/ottl/errors.ts";
import { compilePattern } from "../../kit/ottl/pattern.ts";
import type { Metric } from "../../model/series.ts";

/** Whether a metric is meant. */
export type MetricSelection = (metric: Metric) => boolean;

const selection = (which: string) =>
  z
    .strictObject({
      match_type: z
        .enum(["strict", "regexp"])
        .default("strict")
        .describe("Whether `metrics` are names, or patterns that have to match somewhere in one."),
      metrics: z.array(z.string().min(1)).min(1).optional().describe("Names, of which one has to match."),
      metric_types: z
        .array(z.enum(["sum", "histogram"]))
        .min(1)
        .optional()
        .describe("The types of metrics that are meant."),
    })
    .transform(({ match_type, metrics, metric_types: types }, context): MetricSelection => {
      try {
        const matchers = metrics?.map((text) => matcher(text, match_type));
        return ({ name, type }) =>
          (matchers?.some((matches) => matches(name)) ?? true) && (types?.some((one) => one === type) ?? true);
      } catch (failure) {
        if (!(failure instanceof OttlError)) throw failure;
        return refuse(context, "bad_expression", failure.message, { expected: failure.expected, path: ["metrics"] });
      }
    })
    .optional()
    .describe(which);

function matcher(text: string, matchType: "strict" | "regexp"): (name: string) => boolean {
  return matchType === "strict" ? (name) => name === text : compilePattern(text, 0).test;
}

export const configSchema = z.strictObject({
  include: selection("The metrics that are converted; without it, all that can be."),
  exclude: selection("Those that are not, even where `include` has them."),
  max_staleness: duration(0).describe(
    "A series that was not seen for so long begins again; 0: as long as the agent remembers it.",
  ),
  initial_value: z
    .enum(["auto", "keep", "drop"])
    .default("auto")
    .describe(
      "What becomes of a series' first value: it is a delta (keep), or not (drop), or it is one where it began to count after the agent was started (auto).",
    ),
});

export type Config = z.output<typeof configSchema>;
