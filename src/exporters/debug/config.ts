import * as z from "zod";

export const config = z.strictObject({
  verbosity: z
    .enum(["basic", "normal", "detailed"])
    .default("basic")
    .describe("`basic`: a line for each batch; `normal`: a line for each item; `detailed`: everything."),
  sampling_initial: z
    .int()
    .min(0)
    .default(2)
    .describe("How many batches of a signal are printed each second at first."),
  sampling_thereafter: z
    .int()
    .min(0)
    .default(1)
    .describe("Behind those, every how many-th batch of that second is printed: 1 all, 0 none."),
  use_internal_logger: z
    .boolean()
    .default(false)
    .describe("Whether it goes to the agent's own log instead of standard output."),
  output_paths: z.array(z.literal("stdout")).default(["stdout"]).describe("Where it goes: standard output only."),
});

export type Config = z.output<typeof config>;
