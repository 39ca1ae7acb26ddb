import { DEFAULT_CONFIG } from "../config/default-config.ts";
import { type LoadedConfig, loadConfig } from "../config/load-config.ts";
import { countText, problemText } from "../config/problem-text.ts";
import type { ConfigSource } from "../config/read-configuration.ts";
import type { CliContext } from "./context.ts";

/** Which configuration a command works on. */
export interface ConfigOptions {
  /** What `--config` named, in order; empty: `./gostcol.yaml` where it is there, else the embedded default. */
  readonly config: readonly string[];
  /** What `--set` gave, in order. */
  readonly set: readonly string[];
}

/** The file that is taken when none is named. */
export const USUAL_FILE = "gostcol.yaml";

export interface ResolvedConfig extends LoadedConfig {
  /** What it was read from, for a person: `gostcol.yaml`, or that it is the embedded default. */
  readonly origin: string;
}

/**
 * Finds, reads and checks the configuration that the options name, and prints every problem to standard error. Without
 * errors the result has a `config`; with errors it has none, and the command ends with exit code 2.
 */
export async function resolveConfig(
  context: CliContext,
  options: ConfigOptions,
  signal: AbortSignal,
): Promise<ResolvedConfig> {
  const resolved = await readConfig(context, options, signal, context.printError);
  if (resolved.problems.length > 0) context.printError(`${problemsText(resolved)}\n`);
  return resolved;
}

/** As `resolveConfig`, but what is wrong is the caller's to print. `tell` hears where the configuration is found. */
export async function readConfig(
  context: CliContext,
  options: ConfigOptions,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<ResolvedConfig> {
  const { configs, origin } = await findSources(context, options, signal, tell);
  const loaded = await loadConfig(
    {
      registry: context.registry,
      environment: context.environment,
      readFile: context.readFile,
      configs,
      sets: options.set,
    },
    signal,
  );
  return { ...loaded, origin };
}

/** All problems with their places, and how many they are. */
export function problemsText({ problems, config }: Pick<LoadedConfig, "problems" | "config">): string {
  const text = problems.map(problemText).join("\n\n");
  const more = config ? "" : " Each code is explained in docs/errors.md.";
  return `${text}\n\n${countText(problems)}.${more}`;
}

async function findSources(
  context: CliContext,
  { config }: ConfigOptions,
  signal: AbortSignal,
  tell: (text: string) => void,
): Promise<{ readonly configs: readonly ConfigSource[]; readonly origin: string }> {
  if (config.length > 0) return { configs: config.map((address) => ({ address })), origin: config.join(", ") };
  if (await exists(context, USUAL_FILE, signal)) {
    tell(`Using ./${USUAL_FILE}.\n`);
    return { configs: [{ address: USUAL_FILE }], origin: USUAL_FILE };
  }
  tell(`No --config and no ./${USUAL_FILE}: using the default configuration (gostcol print-config shows it).\n`);
  return { configs: [{ name: "default configuration", text: DEFAULT_CONFIG }], origin: "the default configuration" };
}

/** A file that is there and cannot be read is not passed over: reading it will say what is wrong. */
async function exists(context: CliContext, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    await context.readFile(path, signal);
    return true;
  } catch (thrown) {
    return !(thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT");
  }
}
