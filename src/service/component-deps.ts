import type { Deps } from "../component/component.ts";
import { idText } from "../component/id.ts";
import type { AgentHealth, ComponentStatus } from "../component/status.ts";
import type { StoreBackend } from "../component/store.ts";
import type { CheckedConfig } from "../config/checked-config.ts";
import type { SeriesTable } from "../model/series-table.ts";
import type { Meters } from "../pipeline/meters.ts";
import type { Plan, PlannedNode } from "../pipeline/plan.ts";
import { componentStore } from "./component-store.ts";
import type { AgentEnvironment } from "./environment.ts";
import { announced, type Listener, sparing } from "./listener.ts";
import { planOf } from "./plan-of.ts";

export interface DepsOptions {
  readonly environment: AgentEnvironment;
  readonly meters: Meters;
  readonly series: SeriesTable;
  readonly store: StoreBackend;
  /** The name of its state, from `scopeOwners`. */
  readonly owner: string;
  readonly memoryIsShort: () => boolean;
  readonly listening: (listener: Listener) => void;
  readonly report: (status: ComponentStatus) => void;
  readonly agentHealth: () => Promise<AgentHealth>;
}

/** What one component may use of the agent and the world; the rest is the graph's to give. */
export function componentDeps(
  node: PlannedNode,
  { environment, meters, series, store, owner, memoryIsShort, listening, report, agentHealth }: DepsOptions,
): Omit<Deps, "id" | "deliver" | "crowded" | "extension"> {
  const { kind, id } = node;
  // Only where a processor has several instances does its id not say which of them it is.
  const place = owner.includes("@") ? { pipeline: node.pipelines[0]! } : {};
  return {
    clock: environment.clock,
    ...(environment.memory !== undefined && { memory: environment.memory }),
    random: environment.random,
    hostName: environment.hostName,
    log: environment.log({ kind, id, ...place }),
    meter: meters.meter({ [kind]: id, ...place }),
    store: componentStore(store, owner),
    series,
    listen: announced(sparing(environment.listen, memoryIsShort), `${kind}:${id}`, listening),
    transport: environment.transport,
    print: environment.print,
    report,
    agentHealth,
  };
}

/** The names of all states that an agent with this configuration could keep. */
export function statesOf(config: CheckedConfig): readonly string[] {
  return [...scopeOwners(planOf(config), config).values()];
}

/**
 * The names under which the nodes keep their state, by node: `processor:dedupe`, and `processor:dedupe@metrics/edge`
 * where a processor stands in several pipelines. Made of the type's present name, so that state outlives an alias.
 */
export function scopeOwners({ nodes }: Plan, config: CheckedConfig): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const taken = new Map<string, PlannedNode>();
  for (const node of nodes) {
    const { id, definition } = config[`${node.kind}s`].get(node.id)!;
    const several = nodes.filter(({ kind, id }) => kind === node.kind && id === node.id).length > 1;
    const name = `${node.kind}:${idText({ ...id, type: definition.type })}${several ? `@${node.pipelines[0]}` : ""}`;
    const other = taken.get(name);
    if (other !== undefined) {
      throw new Error(`${node.kind} ${node.id} and ${other.id} are the same under two names: give one another name`);
    }
    taken.set(name, node);
    owners.set(node.key, name);
  }
  return owners;
}
