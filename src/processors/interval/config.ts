import * as z from "zod";
import { duration } from "../../kit/fields.ts";

export const configSchema = z.strictObject({
  interval: duration(60_000, { minMs: 100 }).describe("How often the newest values are handed on."),
  pass_through: z
    .strictObject({
      gauge: z.boolean().default(false).describe("Whether gauges are handed on as they come."),
      summary: z.boolean().default(false).describe("Whether summaries are."),
      non_monotonic_sum: z
        .boolean()
        .default(true)
        .describe("Whether cumulative sums that go up and down are, such as open connections."),
    })
    .prefault({})
    .describe("What is handed on as it comes, though it could wait."),
  max_series: z
    .int()
    .min(0)
    .default(1_000_000)
    .describe("How many values wait at the most; those of further series are handed on as they come."),
});

export type Config = z.output<typeof configSchema>;
