import * as z from "zod";

export const configSchema = z.strictObject({
  behind_proxy: z
    .boolean()
    .default(false)
    .describe(
      "Whether a reverse proxy stands between GOST and this agent: then nothing proves that an answer was read, and an equal report counts as a repeat while the earlier one is remembered.",
    ),
  history: z
    .int()
    .min(1)
    .max(1024)
    .default(32)
    .describe("How many reports of one source are remembered whose answers are not proven read."),
  max_sources: z
    .int()
    .min(1)
    .default(100_000)
    .describe("How many sources are remembered; the reports of further ones pass unexamined, and are counted."),
});

export type Config = z.output<typeof configSchema>;
