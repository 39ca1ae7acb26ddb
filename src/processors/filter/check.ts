import type { ConfigProblem } from "../../component/define.ts";
import type { Config } from "./config.ts";

const WAYS = [
  ["metric_conditions", "metrics"],
  ["trace_conditions", "traces"],
  ["log_conditions", "logs"],
] as const;

/** A signal's conditions are written in one way or the other: the Collector takes no mixture either. */
export function checkConfig(config: Config): readonly ConfigProblem[] {
  return WAYS.filter(
    ([conditions, lists]) =>
      config[conditions].length > 0 && Object.values(config[lists]).some((list) => list.length > 0),
  ).map(([conditions, lists]) => ({
    severity: "error",
    path: [lists],
    code: "exclusive_options",
    message: `${lists} and ${conditions} are two ways to write the same`,
    expected: "one of them",
  }));
}
