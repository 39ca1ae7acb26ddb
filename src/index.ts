/**
 * gostcol as a library: what components are written with, and an agent to run them in.
 *
 *     import { createAgent, defineExporter, registry, z } from "gostcol";
 *
 *     const mine = defineExporter({ type: "mine", config: z.strictObject({}), … });
 *     const agent = await createAgent({
 *       config: { text: yaml },
 *       registry: { ...registry, exporters: [...registry.exporters, mine] },
 *     });
 *     await agent.start(signal);
 */
import { hostname } from "node:os";
import packageJson from "../package.json" with { type: "json" };
import type { Registry } from "./component/registry.ts";
import { loadConfig } from "./config/load-config.ts";
import type { Problem } from "./config/problem.ts";
import { problemText } from "./config/problem-text.ts";
import { createTransport } from "./kit/client/transport.ts";
import { createListenControl } from "./kit/control/control-server.ts";
import { createListen } from "./kit/server/listen.ts";
import { systemClock } from "./lib/system-clock.ts";
import { readTextFile } from "./lib/system-files.ts";
import { systemMemory } from "./lib/system-memory.ts";
import { systemRandom } from "./lib/system-random.ts";
import { registry as ownComponents } from "./registry.ts";
import { Agent } from "./service/agent.ts";
import type { AgentEnvironment } from "./service/environment.ts";
import { logging } from "./service/logging.ts";
import { readProcess } from "./service/process-metrics.ts";

export interface CreateAgentOptions {
  readonly config: { readonly text: string } | { readonly file: string };
  /** By default everything that gostcol has. */
  readonly registry?: Registry;
  /** What `${env:NAME}` in the configuration stands for; nothing by default. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Takes the lines of the agent's log (JSON, or as `service.telemetry.logs.encoding` says); by default they are lost. */
  readonly writeLog?: (line: string) => void;
  /** Another world than the real one, or parts of it. */
  readonly environment?: Partial<AgentEnvironment>;
}

/** A configuration that no agent can be made of; `problems` has each with its place. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join("\n\n"));
    this.problems = problems;
  }
}

/** Reads and checks a configuration and builds an agent of it, which is yet to be started. Rejects with a `ConfigError`. */
export async function createAgent(options: CreateAgentOptions, signal: AbortSignal): Promise<Agent> {
  const source = options.config;
  const { config, problems } = await loadConfig(
    {
      registry: options.registry ?? ownComponents,
      configs: ["file" in source ? { address: source.file } : { name: "configuration", text: source.text }],
      sets: [],
      environment: options.variables ?? {},
      readFile: readTextFile,
    },
    signal,
  );
  if (config === undefined) throw new ConfigError(problems);
  const { level, encoding = "json" } = config.service.telemetry.logs;
  const clock = options.environment?.clock ?? systemClock;
  return new Agent(config, {
    clock,
    random: systemRandom(),
    listen: createListen({ clock }),
    transport: createTransport({ clock }),
    listenControl: createListenControl({ clock }),
    log: logging({ level, encoding, clock, write: options.writeLog ?? (() => {}) }),
    print: () => true,
    hostName: hostname(),
    version: packageJson.version,
    readProcess,
    memory: systemMemory(process.execArgv),
    ...options.environment,
  });
}

export * as z from "zod";
export * from "./component/capabilities.ts";
export * from "./component/component.ts";
export * from "./component/define.ts";
export * from "./component/delivery.ts";
export * from "./component/id.ts";
export * from "./component/log.ts";
export * from "./component/meter.ts";
export * from "./component/refusal.ts";
export * from "./component/registry.ts";
export * from "./component/secret.ts";
export * from "./component/server.ts";
export * from "./component/status.ts";
export * from "./component/store.ts";
export type { Problem } from "./config/problem.ts";
export * from "./kit/fields.ts";
export { memoryStore } from "./kit/memory-store.ts";
export * from "./lib/clock.ts";
export * from "./lib/random.ts";
export * from "./model/attributes.ts";
export * from "./model/log-records.ts";
export * from "./model/points.ts";
export * from "./model/series.ts";
export * from "./model/series-table.ts";
export * from "./model/signal.ts";
export * from "./model/source-facts.ts";
export * from "./model/spans.ts";
export { registry } from "./registry.ts";
export { Agent, ComponentError, type Ended, FatalError } from "./service/agent.ts";
export type { AgentEnvironment } from "./service/environment.ts";
export type { Listener } from "./service/listener.ts";
export type { TallyLine } from "./service/tally.ts";
