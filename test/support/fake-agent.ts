import type { Registry } from "../../src/component/registry.ts";
import type { CheckedConfig } from "../../src/config/checked-config.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { problemText } from "../../src/config/problem-text.ts";
import { noTransport } from "../../src/kit/client/transport.ts";
import { createFakeNetwork, type FakeNetwork } from "../../src/kit/server/fake-server.ts";
import { NEVER } from "../../src/lib/abort.ts";
import { seededRandom } from "../../src/lib/random.ts";
import { type VirtualClock, virtualClock } from "../../src/lib/virtual-clock.ts";
import { Agent } from "../../src/service/agent.ts";
import type { AgentEnvironment } from "../../src/service/environment.ts";
import { logging } from "../../src/service/logging.ts";

/** An agent in a world of its own: no socket, no file, and time moves only when the test says so. */
export interface AgentRig {
  readonly agent: Agent;
  readonly clock: VirtualClock;
  readonly network: FakeNetwork;
  /** The lines of its log, parsed. */
  readonly logged: Record<string, unknown>[];
  readonly printed: string[];
}

export async function agentRig(
  yaml: string,
  registry: Registry,
  environment: Partial<AgentEnvironment> = {},
): Promise<AgentRig> {
  const config = await checkedConfig(yaml, registry);
  const clock = virtualClock();
  const network = createFakeNetwork();
  const logged: Record<string, unknown>[] = [];
  const printed: string[] = [];
  const write = (line: string) => logged.push(JSON.parse(line) as Record<string, unknown>);
  const agent = new Agent(config, {
    clock,
    random: seededRandom(1),
    transport: noTransport,
    listen: network.listen,
    log: logging({ level: "debug", encoding: "json", clock, write }),
    print: (text) => printed.push(text) > 0,
    hostName: "test-host",
    version: "1.2.3",
    readProcess: () => ({ cpuSeconds: 1.5, residentBytes: 1000, heapUsedBytes: 100, heapTotalBytes: 200 }),
    ...environment,
  });
  return { agent, clock, network, logged, printed };
}

export async function checkedConfig(yaml: string, registry: Registry): Promise<CheckedConfig> {
  const { config, problems } = await loadConfig(
    {
      registry,
      configs: [{ name: "test.yaml", text: yaml }],
      sets: [],
      environment: {},
      readFile: () => Promise.reject(new Error("no files here")),
    },
    NEVER,
  );
  if (config === undefined) throw new Error(problems.map(problemText).join("\n"));
  return config;
}
