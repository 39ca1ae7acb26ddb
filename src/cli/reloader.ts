import type { Log } from "../component/log.ts";
import type { CheckedConfig } from "../config/checked-config.ts";
import { problemText } from "../config/problem-text.ts";
import { CONFIG_RELOADS } from "../pipeline/metrics.ts";
import type { Agent } from "../service/agent.ts";
import type { Reloaded } from "../service/reloaded.ts";
import type { CliContext } from "./context.ts";
import { type ConfigOptions, problemsText, readConfig } from "./resolve-config.ts";

export interface ReloaderOptions {
  readonly context: CliContext;
  readonly options: ConfigOptions;
  readonly agent: Agent;
  readonly log: Log;
  /** A configuration is the running one now: what of it is not the agent's to know is the caller's. */
  readonly applied: (config: CheckedConfig) => void;
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

async function reloadOnce({ context, options, agent, log, applied, signal }: ReloaderOptions, because: string) {
  try {
    const read = await readConfig(context, options, signal, () => {});
    if (read.config === undefined) {
      agent.meters.meter({}).counter(CONFIG_RELOADS, { outcome: "invalid" }).value++;
      log.error(`${because}: not reloaded, what ran before goes on\n${problemsText(read)}`);
      return;
    }
    const reloaded = await agent.reload(read.config);
    applied(read.config);
    const { added, removed, changed, kept } = reloaded;
    const warnings = read.problems.length === 0 ? {} : { warnings: read.problems.map(problemText) };
    log.info(`${because}: reloaded; ${summary(reloaded)}`, { added, removed, changed, kept, ...warnings });
    for (const error of reloaded.errors) log.error(error.message);
  } catch (thrown) {
    if (signal.aborted) return;
    log.error(
      `${because}: not reloaded, what ran before goes on: ${thrown instanceof Error ? thrown.message : thrown}`,
    );
  }
}

/** `added exporter:debug; changed receiver:gost`. */
function summary({ added, removed, changed, ownMetrics }: Reloaded): string {
  const parts = [
    ["added", added],
    ["removed", removed],
    ["changed", changed],
    ["changed", ownMetrics ? ["own metrics"] : []],
  ] as const;
  const said = parts.flatMap(([what, keys]) => (keys.length === 0 ? [] : [`${what} ${keys.join(", ")}`]));
  return said.length === 0 ? "no component changed" : said.join("; ");
}
