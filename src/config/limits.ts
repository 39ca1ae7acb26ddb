import * as z from "zod";

const percentage = z.number().min(1).max(100);
const mib = z.int().min(1);

/** `service.limits`: what may be under way at a time; the names below `memory` are those of the Collector's `memory_limiter`. */
export const limitsSchema = z.strictObject({
  max_requests_in_flight: z
    .int()
    .min(1)
    .default(4096)
    .describe("Requests between their admission and their answer, of all receivers together."),
  max_mib_in_flight: mib.default(256).describe("The MiB that these may have as they came in."),
  max_changes_waiting: z
    .int()
    .min(1000)
    .default(500_000)
    .describe("Changes of state that wait for the store; as many may be one commit."),
  memory: z
    .strictObject({
      limit_percentage: percentage
        .default(90)
        .describe("Of Node's heap limit, and of the memory of this machine or container, whichever is reached first."),
      spike_limit_percentage: percentage
        .default(15)
        .describe("How far below the limit requests are refused already, in the same percentages."),
      limit_mib: mib.optional().describe("In the place of a percentage of the machine's or container's memory."),
      spike_limit_mib: mib.optional().describe("As `spike_limit_percentage`, for that limit."),
    })
    .prefault({})
    .describe("How much memory may be in use before requests are refused."),
});

export type LimitsConfig = z.output<typeof limitsSchema>;

/** What in these does not go together: the option, below `memory`. */
export function contradictionIn({ memory }: LimitsConfig): "spike_limit_percentage" | "spike_limit_mib" | undefined {
  const { limit_percentage, spike_limit_percentage, limit_mib, spike_limit_mib } = memory;
  if (spike_limit_percentage >= limit_percentage) return "spike_limit_percentage";
  if (spike_limit_mib === undefined) return undefined;
  return limit_mib === undefined || spike_limit_mib >= limit_mib ? "spike_limit_mib" : undefined;
}
