import type { LogFields } from "../component/log.ts";
import type { Counter } from "../component/meter.ts";
import type { CheckedConfig } from "../config/checked-config.ts";
import { LOG_LINES_UNREAD } from "../pipeline/metrics.ts";
import { Agent, type Ended } from "../service/agent.ts";
import { describeAgent, receiverHints, tallyText } from "../service/describe.ts";
import { type LogFactory, type LoggingOptions, logging } from "../service/logging.ts";
import { readProcess } from "../service/process-metrics.ts";
import { boundedWriter } from "./bounded-writer.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { reloader } from "./reloader.ts";
import { type ConfigOptions, type ResolvedConfig, resolveConfig } from "./resolve-config.ts";
import { watchFiles } from "./watch-files.ts";

type Signal = Parameters<Parameters<CliContext["onSignal"]>[0]>[0];

export interface RunOptions extends ConfigOptions {
  /** Reload when a file of the configuration changes. */
  readonly watch: boolean;
}

/**
 * `gostcol run`: an agent until SIGINT or SIGTERM, which let it drain; a second one ends it at once. SIGHUP reloads.
 * Exit codes: 0 stopped as asked, 1 could not start, could not go on or did not stop cleanly, 2 a bad configuration.
 */
export async function runCommand(context: CliContext, options: RunOptions): Promise<number> {
  const signals = listenForSignals(context);
  try {
    const resolved = await resolveConfig(context, options, signals.first.signal);
    const { config } = resolved;
    return config === undefined ? EXIT.usage : await runAgent(context, options, { ...resolved, config }, signals);
  } catch (thrown) {
    if (signals.first.signal.aborted) return EXIT.ok; // Stopped before there was anything to stop.
    throw thrown;
  } finally {
    signals.cancel();
  }
}

async function runAgent(
  context: CliContext,
  options: RunOptions,
  { config, origin, ...resolved }: ResolvedConfig & { readonly config: CheckedConfig },
  signals: Signals,
): Promise<number> {
  const { clock, unreadBytes } = context;
  let linesUnread: Counter | undefined;
  const writeLine = boundedWriter(context.printError, unreadBytes.printError);
  const write = (line: string) => {
    if (!writeLine(line) && linesUnread !== undefined) linesUnread.value++;
  };
  const settings = { ...logSettings(context, config), clock, write };
  const log = logging(settings);
  const print = boundedWriter(context.print, unreadBytes.print);
  const agent = new Agent(config, { ...context, log, print, readProcess });
  linesUnread = agent.meters.meter({}).counter(LOG_LINES_UNREAD);
  const tell = teller(context, settings, log);
  const applied = (config: CheckedConfig) => Object.assign(settings, logSettings(context, config));
  const isConsole = () => settings.encoding === "console";
  const { signal } = signals.first;
  let { files } = resolved;
  const readFrom = (latest: readonly string[]) => {
    files = latest;
  };
  const reload = reloader({ context, options, agent, log: log({}), isConsole, applied, readFrom, signal });

  try {
    await agent.start(signals.first.signal);
  } catch (thrown) {
    if (signals.first.signal.aborted) return EXIT.ok;
    log({}).error(`gostcol could not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return EXIT.failure;
  }
  tell(`gostcol ${context.version} runs with ${origin}`, describeAgent(agent));
  for (const { receiver, hint } of receiverHints(config)) tell(`to reach receiver ${receiver}:`, hint.split("\n"));
  signals.onReload(() => reload("SIGHUP"));
  const stopWatching = options.watch
    ? watchFiles(
        context,
        () => files,
        () => reload("a file has changed"),
      )
    : () => {};

  const failure = await Promise.race([aborted(signals.first.signal), agent.failed]);
  stopWatching();
  if (failure !== undefined) log({}).error(`gostcol cannot go on: ${failure.message}`);
  else log({}).info(`${signals.first.signal.reason}: stopping; once more ends it at once`);

  const ended = await Promise.race([aborted(signals.second.signal), agent.stop()]);
  if (ended === undefined) {
    log({}).error("ended at once: what was under way was not finished");
    return EXIT.failure;
  }
  tellEnd(ended, tell, log);
  return failure === undefined && ended.errors.length === 0 ? EXIT.ok : EXIT.failure;
}

function tellEnd({ tally, errors }: Ended, tell: Teller, log: LogFactory): void {
  for (const error of errors) log({}).error(error.message);
  tell("stopped; in = out + dropped, counted in items:", tallyText(tally).split("\n"), { tally });
}

type Teller = (title: string, lines: readonly string[], fields?: LogFields) => void;

function logSettings(context: CliContext, { service }: CheckedConfig): Pick<LoggingOptions, "level" | "encoding"> {
  const { level, encoding = context.errorIsTerminal ? "console" : "json" } = service.telemetry.logs;
  return { level, encoding };
}

/** Indented lines for a person; whoever reads JSON gets a log line, with `fields` where these say the same. */
function teller(context: CliContext, settings: Pick<LoggingOptions, "encoding">, log: LogFactory): Teller {
  return (title, lines, fields = { lines }) => {
    if (settings.encoding === "json") log({}).info(title, fields);
    else context.printError([title, ...lines.map((line) => `  ${line}`.trimEnd()), ""].join("\n"));
  };
}

interface Signals {
  /** Aborts with the signal's name. */
  readonly first: AbortController;
  readonly second: AbortController;
  /** Calls at once where a SIGHUP has come already. */
  onReload(reload: () => void): void;
  cancel(): void;
}

function listenForSignals(context: CliContext): Signals {
  const first = new AbortController();
  const second = new AbortController();
  let reload: (() => void) | undefined;
  let early = false;
  const cancel = context.onSignal((signal: Signal) => {
    if (signal === "SIGHUP") {
      if (reload === undefined) early = true;
      else reload();
    } else if (!first.signal.aborted) first.abort(signal);
    else second.abort(signal);
  });
  return {
    first,
    second,
    onReload(listener) {
      reload = listener;
      if (early) reload();
    },
    cancel,
  };
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
