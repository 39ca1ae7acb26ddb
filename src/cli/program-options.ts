import type { Command } from "commander";
import type { ConfigOptions } from "./resolve-config.ts";
import type { StoreOptions } from "./with-store.ts";

/** What several commands take, and how their help is written. */

export function withConfigOptions(command: Command): Command {
  return command
    .option("-c, --config <source>", "a file, file:, env: or yaml:; several are laid over each other in order", collect)
    .option("--set <path=value>", "lay one value over them all: --set receivers.gost.endpoint=:8000", collect);
}

export const configOptions = ({ config = [], set = [] }: Partial<ConfigOptions>): ConfigOptions => ({ config, set });

/** Of commands that work on a store: the configuration's, or one that is named. */
export function withStoreOptions(command: Command): Command {
  return withConfigOptions(command).option("--folder <path>", "the store's folder itself, instead of a configuration");
}

export const storeOptions = (options: Partial<StoreOptions>): StoreOptions => ({
  ...configOptions(options),
  ...(options.folder === undefined ? {} : { folder: options.folder }),
});

/** For options that may be given several times. */
export const collect = (value: string, earlier: readonly string[] = []) => [...earlier, value];

export const examples = (lines: readonly string[]) => `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
