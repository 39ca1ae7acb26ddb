import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { duration } from "../../kit/fields.ts";
import { MEMORY_LIMITS, type MemoryLimits } from "../../kit/memory-limit.ts";

const MIB = 1024 ** 2;
/** The Collector's, where the configuration does not say. */
const SPIKE_SHARE_OF_LIMIT = 0.2;
const NO_EFFECT = [
  "min_gc_interval_when_soft_limited",
  "min_gc_interval_when_hard_limited",
  "max_gc_interval",
] as const;

const mib = z.int().min(0).default(0);
const percentage = z.number().min(0).max(100).default(0);
const noEffect = z.unknown().optional().describe("Taken for the Collector's sake; has no effect here.");

export const config = z.strictObject({
  check_interval: duration(1000, { minMs: 1 }).describe("Memory is looked at this often at the least."),
  limit_mib: mib.describe("The MiB of heap and buffers together that may be in use; 0: `limit_percentage` counts."),
  spike_limit_mib: mib.describe("How far below `limit_mib` everything is refused already; 0: a fifth of it."),
  limit_percentage: percentage.describe(
    "The same as a share of Node's heap limit, and of the memory of this machine or container, whichever is reached first.",
  ),
  spike_limit_percentage: percentage.describe("In the same percentages; 0: a fifth of `limit_percentage`."),
  min_gc_interval_when_soft_limited: noEffect,
  min_gc_interval_when_hard_limited: noEffect,
  max_gc_interval: noEffect,
});

export type Config = z.output<typeof config>;

export function checkConfig(config: Config): readonly ConfigProblem[] {
  const { limit_mib, spike_limit_mib, limit_percentage, spike_limit_percentage } = config;
  const problems: ConfigProblem[] = NO_EFFECT.filter((name) => config[name] !== undefined).map((name) => {
    const message = `${name} has no effect in gostcol`;
    return { severity: "warning", path: [name], code: "no_effect", message };
  });
  const wrong = (path: readonly string[], code: string, message: string, expected: string) =>
    problems.push({ severity: "error", path, code, message, expected });
  if (limit_mib === 0 && limit_percentage === 0) {
    wrong([], "missing_option", "there is no limit", "limit_mib or limit_percentage");
  }
  if (limit_mib > 0 && spike_limit_mib >= limit_mib) {
    wrong(["spike_limit_mib"], "out_of_range", "not smaller than limit_mib", `less than ${limit_mib}`);
  }
  if (limit_mib === 0 && limit_percentage > 0 && spike_limit_percentage >= limit_percentage) {
    const expected = `less than ${limit_percentage}`;
    wrong(["spike_limit_percentage"], "out_of_range", "not smaller than limit_percentage", expected);
  }
  return problems;
}

/** `limit_mib` comes before `limit_percentage`, as in the Collector; where the heap ends is heeded all the same. */
export function limitsOf(config: Config): MemoryLimits {
  const { limit_mib, spike_limit_mib, limit_percentage, spike_limit_percentage } = config;
  if (limit_mib > 0) {
    const limitBytes = limit_mib * MIB;
    const spikeBytes = spike_limit_mib > 0 ? spike_limit_mib * MIB : limitBytes * SPIKE_SHARE_OF_LIMIT;
    return { ...MEMORY_LIMITS, limitBytes, spikeBytes };
  }
  const limitShare = limit_percentage / 100;
  const spikeShare = spike_limit_percentage > 0 ? spike_limit_percentage / 100 : limitShare * SPIKE_SHARE_OF_LIMIT;
  return { limitShare, spikeShare };
}
