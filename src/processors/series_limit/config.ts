import * as z from "zod";
import { duration } from "../../kit/fields.ts";

export const configSchema = z.strictObject({
  limit: z.int().min(0).default(1000).describe("How many streams have series of their own; all others share `other`."),
  attributes: z
    .array(z.string().min(1))
    .min(1)
    .default(["gost.client.id"])
    .describe("What tells streams apart, with the resource; series without any of these attributes pass."),
  rank_by: z
    .string()
    .min(1)
    .default("gost.client.io")
    .describe("The metric that streams are ranked by: the sum of a stream's values of it."),
  members: z
    .enum(["top", "first"])
    .default("top")
    .describe("Which streams have series of their own: the largest, or for good those that came first."),
  other: z.string().min(1).default("other").describe("What these attributes are in the series of all others."),
  rebalance_interval: duration(60_000, { minMs: 1_000 }).describe("How often it is looked whether others are larger."),
  hysteresis: z
    .number()
    .min(0)
    .max(10)
    .default(0.1)
    .describe("By how much of its value a stream has to be larger than one that it takes the place of."),
  max_series: z
    .int()
    .min(0)
    .default(1_000_000)
    .describe("How many series may be in sums of counts; points of further ones are dropped."),
});

export type Config = z.output<typeof configSchema>;
