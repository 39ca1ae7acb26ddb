import type { CheckedConfig } from "../config/checked-config.ts";
import { NEVER } from "../lib/abort.ts";
import { feedLines } from "../service/describe.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { type ConfigOptions, resolveConfig } from "./resolve-config.ts";

/** `gostcol validate`: everything that is wrong with a configuration, or what it describes. */
export async function validateCommand(context: CliContext, options: ConfigOptions): Promise<number> {
  const { config, origin } = await resolveConfig(context, options, NEVER);
  if (config === undefined) return EXIT.usage;
  context.print(`${origin} is valid.\n${pipelinesText(config)}\n`);
  return EXIT.ok;
}

/** `metrics: gost -> dedupe -> prometheus`, a line for each pipeline; and whom exporters feed. */
export function pipelinesText(config: CheckedConfig): string {
  const pipelines = [...config.service.pipelines.values()].map(({ id, receivers, processors, exporters }) => {
    const stages = [receivers.join(", "), ...processors, exporters.join(", ")];
    return `${id}: ${stages.join(" -> ")}`;
  });
  return [...pipelines, ...feedLines(config)].map((line) => `  ${line}`).join("\n");
}
