import * as z from "zod";
import { limitsSchema } from "./limits.ts";
import { telemetrySchema } from "./telemetry.ts";

const ids = (description: string) => z.array(z.string().min(1)).prefault([]).describe(description);

export const pipelineSchema = z.strictObject({
  receivers: ids("Where data comes from: receivers, and connectors that another pipeline ends with."),
  processors: ids("What the data passes through, in this order."),
  exporters: ids("Where data goes, all of it to each: exporters, and connectors that another pipeline begins with."),
});

/** The section `service`: what of the configured components runs, and how it hangs together. */
export const serviceSchema = z.strictObject({
  extensions: ids("The extensions that run, in the order in which they start."),
  pipelines: z
    .record(z.string(), pipelineSchema)
    .prefault({})
    .describe(
      "The pipelines, each named by its signal (`metrics`, `traces`, `logs`) and where needed a name: `metrics/2`.",
    ),
  limits: limitsSchema
    .prefault({})
    .describe("What may be under way at a time, over which requests are refused at once for their sender to repeat."),
  telemetry: telemetrySchema.prefault({}).describe("What the agent says of itself."),
});

export type ServiceSection = z.output<typeof serviceSchema>;
