import { DEFAULT_CONFIG } from "../config/default-config.ts";
import { loadConfig } from "../config/load-config.ts";
import { problemText } from "../config/problem-text.ts";
import { NEVER } from "../lib/abort.ts";
import { sleep } from "../lib/clock.ts";
import { Agent } from "../service/agent.ts";
import { logging } from "../service/logging.ts";
import { readProcess } from "../service/process-metrics.ts";
import type { CliContext } from "./context.ts";
import type { Comparison } from "./demo/comparison.ts";
import { type Address, freePort } from "./demo/http.ts";
import { observe, observeSettled, type Watched } from "./demo/observation.ts";
import { gostSnippet, screen } from "./demo/screen.ts";
import { startWorld } from "./demo/world.ts";

export interface DemoOptions {
  /** How long it runs; by default until Ctrl-C on a terminal, and 15 s elsewhere. */
  readonly seconds?: number;
}

const HOST = "127.0.0.1";
const USUAL_PORTS = { receiver: 8000, metrics: 9464 };
const SECONDS_WITHOUT_TERMINAL = 15;
const FIRST_SCREEN_AFTER_MS = 1500;
const REDRAW_PERIOD_MS = 500;
const REPRINT_PERIOD_MS = 5000;

/**
 * The agent with its default configuration beside two simulated GOSTs, and whether what it counts is what they moved.
 * Exit code 0 when every total was right at the end, else 1.
 */
export async function demoCommand(context: CliContext, options: DemoOptions): Promise<number> {
  const folder = await context.temporaryFolder("gostcol-demo");
  try {
    return await demonstrate(context, options, folder.path);
  } finally {
    await folder.remove();
  }
}

async function demonstrate(context: CliContext, options: DemoOptions, storeFolder: string): Promise<number> {
  const { clock, random } = context;
  const end = new AbortController();
  const unlisten = context.onSignal(() => end.abort());
  const agent = await startAgent(context, storeFolder);
  const receiver = listenerOf(agent, "receiver:gost");
  const world = startWorld({ clock, random, receiver });
  const watched = { clock, world, metrics: listenerOf(agent, "exporter:prometheus") };
  const show = display(context, watched);
  try {
    context.print(introduction(receiver));
    await showUntil({ context, watched, show, seconds: options.seconds, signal: end.signal });
    world.calmDown();
    const last = await observeSettled(watched);
    show(last);
    return last?.difference === 0 ? 0 : 1;
  } finally {
    unlisten();
    world.end();
    await agent.stop();
  }
}

async function startAgent(context: CliContext, storeFolder: string): Promise<Agent> {
  const { clock, random, listen, transport, hostName, version, printError, registry, environment, readFile } = context;
  const { config, problems } = await loadConfig(
    {
      registry,
      environment,
      readFile,
      configs: [{ name: "default configuration", text: DEFAULT_CONFIG }],
      sets: [
        `extensions.file_storage.directory=${storeFolder}`,
        `receivers.gost.endpoint=${HOST}:${await freePort(HOST, USUAL_PORTS.receiver)}`,
        `exporters.prometheus.endpoint=${HOST}:${await freePort(HOST, USUAL_PORTS.metrics)}`,
      ],
    },
    NEVER,
  );
  if (config === undefined) {
    throw new Error(`BUG: the default configuration has errors:\n${problems.map(problemText).join("\n")}`);
  }
  // Anything less than an error would only run through the tables.
  const log = logging({ level: "error", encoding: "console", clock, write: printError });
  const ignored = () => true; // Nothing in the default configuration prints.
  const agent = new Agent(config, {
    clock,
    random,
    listen,
    transport,
    log,
    print: ignored,
    hostName,
    version,
    readProcess,
  });
  await agent.start(NEVER);
  return agent;
}

function listenerOf(agent: Agent, component: string): Address {
  const listener = agent.listeners.find((candidate) => candidate.component === component);
  if (listener === undefined) throw new Error(`BUG: in the default configuration ${component} listens`);
  return listener;
}

function introduction({ host, port }: Address): string {
  return `\
gostcol demo: an agent with the default configuration, and two simulated GOSTs that
report to it: three services, ten clients, both levels, both modes. GOST is killed and
started again, and answers are cut off so that GOST sends the same report twice.

A real gost.yml that reports to this agent:

${gostSnippet(`${host}:${port}`).replace(/^/gm, "    ")}

`;
}

/** On a terminal always in the same place, elsewhere one after the other. */
function display({ outputIsTerminal, print }: CliContext, { world, metrics }: Watched): Show {
  let lines = 0;
  return (comparison) => {
    if (comparison === undefined) return;
    const { restarts, lostAnswers } = world;
    const metricsUrl = `http://${metrics.host}:${metrics.port}/metrics`;
    const text = `${screen({ comparison, restarts, lostAnswers, metricsUrl })}\n\n`;
    const backToFirstLine = outputIsTerminal && lines > 0 ? `\x1b[${lines}A\x1b[J` : "";
    print(backToFirstLine + text);
    lines = text.split("\n").length - 1;
  };
}

type Show = (comparison: Comparison | undefined) => void;

async function showUntil(options: {
  readonly context: CliContext;
  readonly watched: Watched;
  readonly show: Show;
  readonly seconds: number | undefined;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { context, watched, show, signal } = options;
  const { clock, outputIsTerminal } = context;
  const seconds = options.seconds ?? (outputIsTerminal ? Number.POSITIVE_INFINITY : SECONDS_WITHOUT_TERMINAL);
  const endsAtMs = clock.monotonic() + seconds * 1000;
  let pauseMs = FIRST_SCREEN_AFTER_MS;
  for (;;) {
    await sleep(clock, Math.max(0, Math.min(pauseMs, endsAtMs - clock.monotonic())), signal).catch(() => {}); // Rejects at the end.
    if (signal.aborted || clock.monotonic() >= endsAtMs) return;
    show(await observe(watched));
    pauseMs = outputIsTerminal ? REDRAW_PERIOD_MS : REPRINT_PERIOD_MS;
  }
}
