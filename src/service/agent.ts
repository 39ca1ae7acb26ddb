import type { ComponentKind } from "../component/id.ts";
import type { Server } from "../component/server.ts";
import type { ComponentStatus } from "../component/status.ts";
import type { CheckedConfig, ConfiguredComponent } from "../config/checked-config.ts";
import { memoryStore } from "../kit/memory-store.ts";
import { deadline } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import { SeriesTable } from "../model/series-table.ts";
import { Deliveries } from "../pipeline/deliveries.ts";
import { buildGraph, type GraphNode } from "../pipeline/graph.ts";
import { ComponentError, startGraph, stopGraph } from "../pipeline/lifecycle.ts";
import { Meters } from "../pipeline/meters.ts";
import { type Plan, type PlannedNode, planGraph } from "../pipeline/plan.ts";
import { AgentStore, providedStore, storeFirst } from "./agent-store.ts";
import { componentDeps, scopeOwners } from "./component-deps.ts";
import type { AgentEnvironment } from "./environment.ts";
import type { Listener } from "./listener.ts";
import { serveOwnMetrics } from "./own-metrics-server.ts";
import { processMetrics } from "./process-metrics.ts";
import { type TallyLine, tallyOf } from "./tally.ts";

export { ComponentError };

const SHUTDOWN_TIMEOUT_MS = 25_000;
/** A series that nobody used for this long is forgotten: one generation a minute. */
const SWEEP_PERIOD_MS = 60_000;
const SWEEP_GENERATIONS_MAX = 60;

/** How an agent ended. */
export interface Ended {
  readonly tally: readonly TallyLine[];
  /** What did not stop as it should have. */
  readonly errors: readonly ComponentError[];
}

/** A component that reported `fatal_error`: the agent cannot go on. */
export class FatalError extends Error {
  override readonly name = "FatalError";
}

/**
 * A running gostcol, from a checked configuration. Making it does no I/O.
 *
 * `start` resolves when everything runs, or rejects with a `ComponentError` that names who could not; then whatever had
 * started is stopped again. `stop` may be called at any time, before and during the start too, and always gives the same
 * promise. `failed` resolves when the agent cannot go on; whoever runs it stops it then.
 */
export class Agent {
  readonly config: CheckedConfig;
  readonly listeners: Listener[] = [];
  readonly meters = new Meters();
  readonly series = new SeriesTable();
  readonly store: AgentStore;
  readonly failed: Promise<FatalError>;
  readonly #environment: AgentEnvironment;
  readonly #plan: Plan;
  readonly #deliveries: Deliveries;
  readonly #nodes: readonly GraphNode[];
  readonly #statuses = new Map<string, ComponentStatus>();
  readonly #refreshProcess: () => void;
  readonly #starting = new AbortController();
  #started: Promise<void> | undefined;
  #ended: Promise<Ended> | undefined;
  #cancelSweep: Cancel = () => {};
  #ownServers: readonly Server[] = [];

  constructor(config: CheckedConfig, environment: AgentEnvironment) {
    const { clock, log } = environment;
    this.config = config;
    this.#environment = environment;
    this.store = new AgentStore(environment.store ?? memoryStore());
    this.#plan = planOf(config);
    const meter = this.meters.meter({});
    this.#deliveries = new Deliveries({
      backend: this.store,
      clock,
      log: log({ part: "deliveries" }),
      meter,
      ...(environment.deliveryLimits === undefined ? {} : { limits: environment.deliveryLimits }),
    });
    const { promise, resolve } = Promise.withResolvers<FatalError>();
    this.failed = promise;
    const owners = scopeOwners(this.#plan, config);
    const nodes = buildGraph(this.#plan, {
      deliveries: this.#deliveries,
      component: (kind, id) => configured(config, kind, id),
      deps: (node) =>
        componentDeps(node, {
          environment,
          meters: this.meters,
          series: this.series,
          store: this.store,
          owner: owners.get(node.key)!,
          listening: (listener) => this.listeners.push(listener),
          report: (status) => this.#report(node, status, resolve),
        }),
    });
    this.#nodes = storeFirst(nodes);
    const provided = this.#nodes[0] && providedStore(this.#nodes[0]);
    if (provided !== undefined && environment.store === undefined) this.store.use(provided);
    this.#refreshProcess = processMetrics(meter, clock, environment.readProcess);
    const seriesMetric = { name: "gostcol_series", description: "Series in the series table", unit: "{series}" };
    meter.gauge(seriesMetric, () => [{ value: this.series.size }]);
  }

  /** Each component's state, by `kind:id` (processors: `processor:id@pipeline`). */
  get statuses(): ReadonlyMap<string, ComponentStatus> {
    return this.#statuses;
  }

  get plan(): Plan {
    return this.#plan;
  }

  /** May be called once. `signal` gives the start up; so does `stop`. */
  start(signal: AbortSignal): Promise<void> {
    if (this.#started !== undefined) throw new Error("BUG: an agent was started twice");
    this.#started = this.#start(AbortSignal.any([signal, this.#starting.signal]));
    return this.#started;
  }

  async stop(): Promise<Ended> {
    this.#starting.abort(new Error("the agent is being stopped"));
    await this.#started?.catch(() => {}); // Whoever started it hears of that.
    return this.#end();
  }

  tally(): readonly TallyLine[] {
    return tallyOf(this.#plan.nodes, this.meters);
  }

  async #start(signal: AbortSignal): Promise<void> {
    for (const { plan } of this.#nodes) this.#statuses.set(plan.key, { state: "starting" });
    try {
      await startGraph(this.#nodes, signal);
      this.#ownServers = await serveOwnMetrics({
        telemetry: this.config.service.telemetry,
        environment: this.#environment,
        meters: this.meters,
        refresh: this.#refreshProcess,
        listening: (listener) => this.listeners.push(listener),
        signal,
      });
      signal.throwIfAborted();
    } catch (thrown) {
      await this.#end();
      throw thrown;
    }
    for (const { plan } of this.#nodes) {
      if (this.#statuses.get(plan.key)?.state === "starting") this.#statuses.set(plan.key, { state: "ok" });
    }
    this.#cancelSweep = this.#environment.clock.every(SWEEP_PERIOD_MS, () => this.series.sweep(SWEEP_GENERATIONS_MAX));
  }

  #end(): Promise<Ended> {
    this.#ended ??= this.#stopEverything();
    return this.#ended;
  }

  async #stopEverything(): Promise<Ended> {
    const { clock, shutdownTimeoutMs = SHUTDOWN_TIMEOUT_MS } = this.#environment;
    const limit = deadline(clock, shutdownTimeoutMs, "stopping the agent");
    this.#cancelSweep();
    for (const { plan } of this.#nodes) this.#statuses.set(plan.key, { state: "stopping" });
    const errors = await stopGraph(this.#nodes, this.#deliveries, limit.signal);
    await Promise.all(this.#ownServers.map((server) => server.close(limit.signal)));
    limit.cancel();
    for (const { plan } of this.#nodes) this.#statuses.set(plan.key, { state: "stopped" });
    return { tally: this.tally(), errors };
  }

  #report(node: PlannedNode, status: ComponentStatus, failed: (error: FatalError) => void): void {
    // The Collector's rule: a permanent error is never left, but for the end.
    const last = this.#statuses.get(node.key)?.state;
    if (last === "permanent_error" && status.state !== "fatal_error" && !status.state.startsWith("stop")) return;
    this.#statuses.set(node.key, status);
    if (status.state === "fatal_error") failed(new FatalError(`${node.kind} ${node.id}: ${status.message}`));
  }
}

/** The configuration was checked, so that a plan cannot be made of it is a bug. */
function planOf({ service, ...sections }: CheckedConfig): Plan {
  const planned = planGraph({
    pipelines: [...service.pipelines.values()],
    extensions: service.extensions,
    definition: (kind, id) => sections[`${kind}s`].get(id)?.definition,
  });
  if ("plan" in planned) return planned.plan;
  throw new Error(`BUG: a checked configuration has problems: ${planned.problems.map(({ message }) => message)}`);
}

function configured(config: CheckedConfig, kind: ComponentKind, id: string): ConfiguredComponent {
  return config[`${kind}s`].get(id)!;
}
