import type { LogFields } from "../component/log.ts";
import type { CheckedConfig } from "../config/checked-config.ts";
import { Agent, type Ended } from "../service/agent.ts";
import { describeAgent, receiverHints, tallyText } from "../service/describe.ts";
import { type LogFactory, logging } from "../service/logging.ts";
import { readProcess } from "../service/process-metrics.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { type ConfigOptions, resolveConfig } from "./resolve-config.ts";

type Signal = Parameters<Parameters<CliContext["onSignal"]>[0]>[0];

/**
 * `gostcol run`: an agent until SIGINT or SIGTERM, which let it drain; a second one ends it at once.
 * Exit codes: 0 stopped as asked, 1 could not start, could not go on or did not stop cleanly, 2 a bad configuration.
 */
export async function runCommand(context: CliContext, options: ConfigOptions): Promise<number> {
  const signals = listenForSignals(context);
  try {
    const { config, origin } = await resolveConfig(context, options, signals.first.signal);
    return config === undefined ? EXIT.usage : await runAgent(context, config, origin, signals);
  } catch (thrown) {
    if (signals.first.signal.aborted) return EXIT.ok; // Stopped before there was anything to stop.
    throw thrown;
  } finally {
    signals.cancel();
  }
}

async function runAgent(context: CliContext, config: CheckedConfig, origin: string, signals: Signals): Promise<number> {
  const { level, encoding = context.errorIsTerminal ? "console" : "json" } = config.service.telemetry.logs;
  const log = logging({ level, encoding, clock: context.clock, write: context.printError });
  const agent = new Agent(config, { ...context, log, readProcess });
  const tell = teller(context, encoding, log);
  signals.onReload(() => log({}).warn("SIGHUP: reloading the configuration is not supported yet; restart instead"));

  try {
    await agent.start(signals.first.signal);
  } catch (thrown) {
    if (signals.first.signal.aborted) return EXIT.ok;
    log({}).error(`gostcol could not start: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return EXIT.failure;
  }
  tell(`gostcol ${context.version} runs with ${origin}`, describeAgent(agent));
  for (const { receiver, hint } of receiverHints(config)) tell(`to reach receiver ${receiver}:`, hint.split("\n"));

  const failure = await Promise.race([aborted(signals.first.signal), agent.failed]);
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

/** Indented lines for a person; whoever reads JSON gets a log line, with `fields` where these say the same. */
function teller(context: CliContext, encoding: "console" | "json", log: LogFactory): Teller {
  if (encoding === "json") return (title, lines, fields = { lines }) => log({}).info(title, fields);
  return (title, lines) => context.printError([title, ...lines.map((line) => `  ${line}`.trimEnd()), ""].join("\n"));
}

interface Signals {
  /** Aborts with the signal's name. */
  readonly first: AbortController;
  readonly second: AbortController;
  onReload(reload: () => void): void;
  cancel(): void;
}

function listenForSignals(context: CliContext): Signals {
  const first = new AbortController();
  const second = new AbortController();
  let reload = () => {};
  const cancel = context.onSignal((signal: Signal) => {
    if (signal === "SIGHUP") reload();
    else if (!first.signal.aborted) first.abort(signal);
    else second.abort(signal);
  });
  return {
    first,
    second,
    onReload(listener) {
      reload = listener;
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
