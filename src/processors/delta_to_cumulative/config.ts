import * as z from "zod";
import { duration } from "../../kit/fields.ts";

export const configSchema = z.strictObject({
  max_stale: duration(300_000, { minMs: 1 }).describe(
    "How long a delta series without a source behind it (OTLP) keeps its total after its last point; totals of sources are kept for good.",
  ),
  archive_after: duration(0).describe(
    "How long after its last report the total of a stream is moved to the store's archive, from where its next report brings it back; `0s` never.",
  ),
  max_streams: z
    .int()
    .min(0)
    .default(1_000_000)
    .describe("How many totals are kept; the points of further streams are dropped and counted."),
  initial_value: z
    .enum(["keep", "drop"])
    .default("keep")
    .describe(
      "Whether a counter that is seen for the first time counts in whole, or only what it grows by from then on.",
    ),
  cumulative: z
    .enum(["pass", "total"])
    .default("pass")
    .describe(
      "What becomes of monotonic cumulative sums without a source behind them (OTLP): passed on unchanged, or made into totals that survive resets.",
    ),
});

export type Config = z.output<typeof configSchema>;
