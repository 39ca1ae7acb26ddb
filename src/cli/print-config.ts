import { stringify } from "yaml";
import { NEVER } from "../lib/abort.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { type ConfigOptions, resolveConfig } from "./resolve-config.ts";

export interface PrintConfigOptions extends ConfigOptions {
  readonly format: "yaml" | "json";
}

/** `gostcol print-config`: all sources merged and every value in its place, secrets covered; with errors too. */
export async function printConfigCommand(context: CliContext, options: PrintConfigOptions): Promise<number> {
  const { config, document } = await resolveConfig(context, options, NEVER);
  context.print(
    options.format === "json" ? `${JSON.stringify(document, null, 2)}\n` : stringify(document, { nullStr: "" }),
  );
  return config === undefined ? EXIT.usage : EXIT.ok;
}
