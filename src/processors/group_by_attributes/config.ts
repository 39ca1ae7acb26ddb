import * as z from "zod";

export const configSchema = z.strictObject({
  keys: z
    .array(z.string().min(1))
    .default([])
    .describe("The attributes that are moved to the resource; without any, everything passes as it is."),
  max_series: z
    .int()
    .min(0)
    .default(1_000_000)
    .describe("How many cumulative series are added up that become one; points of further ones are dropped."),
});

export type Config = z.output<typeof configSchema>;
