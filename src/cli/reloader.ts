import type { Log } from "../component/log.ts";
import type { CheckedConfig } from "../config/checked-config.ts";
import { countText, problemText } from "../config/problem-text.ts";
import { CONFIG_RELOADS } from "../pipeline/metrics.ts";
import type { Agent } from "../service/agent.ts";
import type { Reloaded } from "../service/reloaded.ts";
import type { CliContext } from "./context.ts";
import { type ConfigOptions, problemsText, type ResolvedConfig, readConfig } from "./resolve-config.ts";

export interface ReloaderOptions {
  readonly context: CliContext;
  readonly options: ConfigOptions;
  readonly agent: Agent;
  readonly log: Log;
  /** Whether a person reads the log. */
  readonly isConsole: () => boolean;
  /** A configuration is the running one now: what of it is not the agent's to know is the caller's. */
  readonly applied: (config: CheckedConfig) => void;
  /** A configuration was read, from these files; it need not be a good one. */
  readonly readFrom: (files: readonly string[]) => void;
  readonly signal: AbortSignal;
}

/**
 * Gives the function that reads the configuration anew and has the agent go on with it. Called while it is at it, it
 * does so once more afterwards, however often it was called. What went wrong is said; it never throws.
 */
export function reloader(parts: ReloaderOptions): (because: string) => void {
  let wanted: string | undefined;
  let busy = false;
  return (because) => {
    wanted = because;
    if (busy) return;
    busy = true;
    void (async () => {
      while (wanted !== undefined && !parts.signal.aborted) {
        const reason = wanted;
        wanted = undefined;
        await reloadOnce(parts, reason);
      }
      busy = false;
    })();
  };
}

async function reloadOnce(parts: ReloaderOptions, because: string): Promise<void> {
  const { context, options, agent, log, isConsole, applied, readFrom, signal } = parts;
  try {
    const read = await readConfig(context, options, signal, () => {});
    readFrom(read.files);
    if (read.config === undefined) {
      agent.meters.meter({}).counter(CONFIG_RELOADS, { outcome: "invalid" }).value++;
      sayInvalid(because, read, isConsole() ? context.printError : undefined, log);
      return;
    }
    const reloaded = await agent.reload(read.config);
    const { added, removed, changed, kept } = reloaded;
    const warnings = read.problems.length === 0 ? {} : { warnings: read.problems.map(problemText) };
    log.info(`${because}: reloaded; ${summary(reloaded)}`, { added, removed, changed, kept, ...warnings });
    for (const error of reloaded.errors) log.error(error.message);
    applied(read.config); // Last, for it may say that nothing of the kind is to be written.
  } catch (thrown) {
    if (signal.aborted) return;
    log.error(
      `${because}: not reloaded, what ran before goes on: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
  }
}

/** For a person as `validate` would print it. */
function sayInvalid(
  because: string,
  read: ResolvedConfig,
  print: ((text: string) => void) | undefined,
  log: Log,
): void {
  print?.(`${problemsText(read)}\n`);
  const fields = print === undefined ? { problems: read.problems.map(problemText) } : {};
  log.error(`${because}: not reloaded, what ran before goes on: ${countText(read.problems)}`, fields);
}

/** `added exporter:debug; changed receiver:gost`. */
function summary({ added, removed, changed, ownMetrics, limits }: Reloaded): string {
  const parts = [
    ["added", added],
    ["removed", removed],
    ["changed", changed],
    ["changed", [...(ownMetrics ? ["own metrics"] : []), ...(limits ? ["limits"] : [])]],
  ] as const;
  const said = parts.flatMap(([what, keys]) => (keys.length === 0 ? [] : [`${what} ${keys.join(", ")}`]));
  return said.length === 0 ? "no component changed" : said.join("; ");
}
