import type { Log } from "../component/log.ts";
import type { Counter } from "../component/meter.ts";
import type { AgentHealth, ComponentStatus } from "../component/status.ts";
import type { CheckedConfig } from "../config/checked-config.ts";
import { MemoryLimit } from "../kit/memory-limit.ts";
import { memoryStore } from "../kit/memory-store.ts";
import { deadline, orAborted } from "../lib/abort.ts";
import type { Cancel } from "../lib/clock.ts";
import { collectedSeldom } from "../lib/memory.ts";
import { SeriesTable } from "../model/series-table.ts";
import { Deliveries } from "../pipeline/deliveries.ts";
import { buildGraph, type GraphNode, type GraphParts } from "../pipeline/graph.ts";
import { keptNodes } from "../pipeline/kept-nodes.ts";
import { ComponentError, startGraph, stopGraph } from "../pipeline/lifecycle.ts";
import { Meters } from "../pipeline/meters.ts";
import { CONFIG_RELOADS } from "../pipeline/metrics.ts";
import type { Plan, PlannedNode } from "../pipeline/plan.ts";
import { replaceGraph, stopLeaving } from "../pipeline/replace-graph.ts";
import { AgentStore, providedStore, storeFirst } from "./agent-store.ts";
import { componentDeps, scopeOwners } from "./component-deps.ts";
import { configured, limitsText, ownMetricsText } from "./config-parts.ts";
import { ControlSocket } from "./control-socket.ts";
import type { AgentEnvironment } from "./environment.ts";
import { HealthWatch } from "./health-watch.ts";
import { type DecidedInheritance, decideInheritance } from "./inheritance.ts";
import { admissionLimits, memoryLimits } from "./limits.ts";
import type { Listener } from "./listener.ts";
import { OwnMetricsServers } from "./own-metrics-server.ts";
import { planOf } from "./plan-of.ts";
import { processMetrics } from "./process-metrics.ts";
import { type Reloaded, reloaded } from "./reloaded.ts";
import { report, Standing } from "./standing.ts";
import { remindOfStart } from "./start-reminder.ts";
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

/** A component that reported `fatal_error`, or was stopped for a reload and could not be started again. */
export class FatalError extends Error {
  override readonly name = "FatalError";
}

/**
 * A running gostcol, from a checked configuration. Making it does no I/O.
 *
 * `start` resolves when everything runs, or rejects with a `ComponentError` that names who could not; then whatever had
 * started is stopped again. `reload` puts another configuration in the place of the one that runs, or rejects and leaves
 * everything as it was. `stop` may be called at any time, before and during the start too, and always gives the same
 * promise. `failed` resolves when the agent cannot go on; whoever runs it stops it then.
 */
export class Agent {
  readonly meters = new Meters();
  readonly series: SeriesTable;
  readonly store: AgentStore;
  readonly failed: Promise<FatalError>;
  readonly #fail: (error: FatalError) => void;
  readonly #environment: AgentEnvironment;
  readonly #deliveries: Deliveries;
  readonly #memory: MemoryLimit | undefined;
  /** By the meter, of which each instance has its own. */
  readonly #standings = new WeakMap<object, Standing>();
  readonly #ownMetrics: OwnMetricsServers;
  readonly #health: HealthWatch;
  readonly #control: ControlSocket;
  readonly #stateLog: Log;
  readonly #reloads: Readonly<Record<"applied" | "failed", Counter>>;
  readonly #stopping = new AbortController();
  /** Everything that ever ran, for the books. */
  readonly #planned = new Map<string, PlannedNode>();
  #config: CheckedConfig;
  #nodes: readonly GraphNode[];
  #started: Promise<void> | undefined;
  #reloading: Promise<unknown> = Promise.resolve();
  #ended: Promise<Ended> | undefined;
  #cancelSweep: Cancel = () => {};
  #runningSince: number | undefined;

  constructor(config: CheckedConfig, environment: AgentEnvironment) {
    const { clock, log } = environment;
    const memory = environment.memory && collectedSeldom(environment.memory, clock);
    this.#config = config;
    this.#environment = memory === undefined ? environment : { ...environment, memory };
    this.series = new SeriesTable(environment.random.integer(2 ** 32));
    this.store = new AgentStore(environment.store ?? memoryStore());
    const meter = this.meters.meter({});
    const deliveriesLog = log({ part: "deliveries" });
    const { limits } = config.service;
    this.#memory =
      memory && new MemoryLimit({ memory, clock, log: deliveriesLog, meter, limits: memoryLimits(limits) });
    this.#deliveries = new Deliveries({
      backend: this.store,
      clock,
      log: deliveriesLog,
      meter,
      limits: { ...admissionLimits(limits), ...environment.deliveryLimits },
      memory: this.#memory,
    });
    const { promise, resolve } = Promise.withResolvers<FatalError>();
    this.failed = promise;
    this.#fail = resolve;
    const plan = planOf(config);
    this.#nodes = storeFirst(buildGraph(plan, this.#parts(plan, config)));
    this.#remember(this.#nodes);
    const provided = this.#nodes[0] && providedStore(this.#nodes[0]);
    if (provided !== undefined && environment.store === undefined) this.store.use(provided);
    const refresh = processMetrics(meter, clock, environment.readProcess);
    const seriesMetric = { name: "gostcol_series", description: "Series in the series table", unit: "{series}" };
    meter.gauge(seriesMetric, () => [{ value: this.series.size }]);
    this.#health = new HealthWatch({
      clock,
      log: ({ plan: { kind, id } }) => log({ kind, id }),
      nodes: () => this.#nodes,
    });
    this.#ownMetrics = new OwnMetricsServers({ environment, meters: this.meters, refresh });
    this.#stateLog = log({ part: "state" });
    this.#control = new ControlSocket({
      listen: environment.listenControl,
      store: this.store,
      log: log({ part: "control" }),
      version: environment.version,
      nodes: () => this.#nodes,
      settled: () => this.#reloading.catch(() => {}),
    });
    this.#reloads = {
      applied: meter.counter(CONFIG_RELOADS, { outcome: "applied" }),
      failed: meter.counter(CONFIG_RELOADS, { outcome: "failed" }),
    };
  }

  /** What runs. */
  get config(): CheckedConfig {
    return this.#config;
  }

  get plan(): Plan {
    return { nodes: this.#nodes.map(({ plan }) => plan) };
  }

  /** Each component's state, by `kind:id` (processors: `processor:id@pipeline`). */
  get statuses(): ReadonlyMap<string, ComponentStatus> {
    return new Map(this.#nodes.map((node) => [node.plan.key, this.#standing(node).status]));
  }

  async health(): Promise<AgentHealth> {
    await this.#health.refresh();
    const refusal = this.#deliveries.crowding({ items: 0, bytes: 0 });
    return {
      phase: this.#stopping.signal.aborted ? "stopping" : this.#runningSince === undefined ? "starting" : "running",
      ...(this.#runningSince !== undefined && { runningSince: this.#runningSince }),
      ...(refusal !== undefined && { refuses: refusal.message }),
      components: this.#nodes.map((node) => this.#health.of(node, this.#standing(node))),
    };
  }

  /** Everything that is listened on. */
  get listeners(): readonly Listener[] {
    return [...this.#nodes.flatMap((node) => this.#standing(node).listeners), ...this.#ownMetrics.listeners];
  }

  /** May be called once. `signal` gives the start up; so does `stop`. */
  start(signal: AbortSignal): Promise<void> {
    if (this.#started !== undefined) throw new Error("BUG: an agent was started twice");
    this.#started = this.#start(AbortSignal.any([signal, this.#stopping.signal]));
    return this.#started;
  }

  /**
   * Goes on with another configuration, and resolves when what was replaced has stopped. Components whose configuration
   * is the same stay, with their sockets and their state. Rejects where the new ones cannot be made or started; then
   * everything goes on as before. One reload after the other.
   */
  reload(config: CheckedConfig): Promise<Reloaded> {
    if (this.#started === undefined) throw new Error("BUG: an agent was reloaded before it was started");
    const reloading = Promise.all([this.#started, this.#reloading.catch(() => {})]).then(() => this.#reload(config));
    this.#reloading = reloading;
    return reloading;
  }

  async stop(): Promise<Ended> {
    this.#stopping.abort(new Error("the agent is being stopped"));
    await this.#started?.catch(() => {}); // Whoever started it hears of that.
    return this.#end();
  }

  tally(): readonly TallyLine[] {
    return tallyOf([...this.#planned.values()], this.meters);
  }

  async #start(signal: AbortSignal): Promise<void> {
    for (const node of this.#nodes) this.#standing(node).status = { state: "starting" };
    const { clock, log } = this.#environment;
    const cancelReminder = remindOfStart(this.#nodes, clock, log);
    try {
      await startGraph(this.#nodes, signal, (signal) => this.#inherit(signal));
      await this.#ownMetrics.open(this.#config.service.telemetry, signal);
      await this.#control.open(signal);
      signal.throwIfAborted();
    } catch (thrown) {
      await this.#end();
      throw thrown;
    } finally {
      cancelReminder();
    }
    this.#arrived(this.#nodes);
    this.#runningSince = clock.now();
    this.#health.start();
    this.#cancelSweep = this.#environment.clock.every(SWEEP_PERIOD_MS, () => this.series.sweep(SWEEP_GENERATIONS_MAX));
  }

  async #inherit(signal: AbortSignal): Promise<void> {
    const inheritance = await decideInheritance(
      this.store,
      this.#stateLog,
      { nodes: this.#nodes, running: [] },
      signal,
    );
    await inheritance?.take(signal);
    await inheritance?.tell(signal);
  }

  async #reload(config: CheckedConfig): Promise<Reloaded> {
    try {
      const done = await this.#replace(config);
      this.#reloads.applied.value++;
      return done;
    } catch (thrown) {
      this.#reloads.failed.value++;
      throw thrown;
    }
  }

  async #replace(config: CheckedConfig): Promise<Reloaded> {
    const { signal } = this.#stopping;
    signal.throwIfAborted();
    const { clock } = this.#environment;
    const running = this.#nodes;
    const before = this.#config;
    const plan = planOf(config);
    const parts = this.#parts(plan, config);
    const kept = keptNodes(running, plan, parts);
    const metricsChanged = ownMetricsText(config) !== ownMetricsText(before);
    // First, for a new component may want its port.
    if (metricsChanged) await this.#ownMetrics.closeSoon();
    let inheritance: DecidedInheritance | undefined;
    const replaced = await replaceGraph(
      {
        clock,
        deliveries: this.#deliveries,
        running,
        kept,
        build: (made) => this.#sameStore(storeFirst(buildGraph(plan, { ...parts, kept, made }))),
        rebuild: (left, made) => {
          const plan = planOf(before);
          return storeFirst(buildGraph(plan, { ...this.#parts(plan, before), kept: left, made }));
        },
        inherit: async (nodes, signal) => {
          inheritance = await decideInheritance(this.store, this.#stateLog, { nodes, running }, signal);
          return inheritance;
        },
        check: (nodes) => this.#noneFatal(nodes),
        holdPorts: this.#environment.listen.holdPorts,
      },
      signal,
    );
    this.#nodes = replaced.nodes;
    this.#arrived(replaced.nodes);
    if (replaced.type !== "replaced") {
      if (replaced.type === "broken") this.#fail(new FatalError(messageOf(replaced.error)));
      if (metricsChanged) await this.#ownMetrics.open(before.service.telemetry, signal);
      throw replaced.error;
    }
    this.#config = config;
    await inheritance?.tell(signal);
    this.#remember(replaced.nodes);
    this.#limit(config);
    const errors = await stopLeaving(replaced.leaving, clock);
    // Last, for who left may have had its port.
    if (metricsChanged) await this.#ownMetrics.open(config.service.telemetry, signal);
    const limitsChanged = limitsText(config) !== limitsText(before);
    return reloaded(running, replaced.nodes, { metricsChanged, limitsChanged, errors });
  }

  #limit({ service: { limits } }: CheckedConfig): void {
    this.#deliveries.limit({ ...admissionLimits(limits), ...this.#environment.deliveryLimits });
    if (this.#memory !== undefined) this.#memory.limits = memoryLimits(limits);
  }

  #end(): Promise<Ended> {
    this.#ended ??= this.#stopEverything();
    return this.#ended;
  }

  async #stopEverything(): Promise<Ended> {
    const { clock, shutdownTimeoutMs = SHUTDOWN_TIMEOUT_MS } = this.#environment;
    const limit = deadline(clock, shutdownTimeoutMs, "stopping the agent");
    this.#cancelSweep();
    this.#health.stop();
    await orAborted(this.#reloading, limit.signal).catch(() => {}); // Whoever reloaded it hears of that.
    for (const node of this.#nodes) this.#standing(node).status = { state: "stopping" };
    await this.#control.close(limit.signal);
    const errors = await stopGraph(this.#nodes, this.#deliveries, limit.signal);
    await this.#ownMetrics.close(limit.signal);
    limit.cancel();
    for (const node of this.#nodes) this.#standing(node).status = { state: "stopped" };
    return { tally: this.tally(), errors };
  }

  #parts(plan: Plan, config: CheckedConfig): GraphParts {
    const owners = scopeOwners(plan, config);
    const owner = (node: PlannedNode) => owners.get(node.key)!;
    return {
      deliveries: this.#deliveries,
      component: (kind, id) => configured(config, kind, id),
      owner,
      deps: (node) => {
        const standing = new Standing(() => this.#environment.clock.now());
        const deps = componentDeps(node, {
          environment: this.#environment,
          meters: this.meters,
          series: this.series,
          store: this.store,
          owner: owner(node),
          memoryIsShort: () => this.#memory?.isShort() === true,
          listening: (listener) => standing.listeners.push(listener),
          report: (status) => {
            const fatal = report(standing, status);
            if (fatal !== undefined && this.#runs(standing)) this.#fail(fatalError(node, fatal));
          },
          agentHealth: () => this.health(),
        });
        this.#standings.set(deps.meter, standing);
        return deps;
      },
    };
  }

  #standing({ seat }: GraphNode): Standing {
    return this.#standings.get(seat.meter)!;
  }

  #runs(standing: Standing): boolean {
    return this.#nodes.some((node) => this.#standing(node) === standing);
  }

  #arrived(nodes: readonly GraphNode[]): void {
    for (const node of nodes) {
      const standing = this.#standing(node);
      if (standing.status.state === "starting") standing.status = { state: "ok" };
    }
  }

  #remember(nodes: readonly GraphNode[]): void {
    for (const { plan } of nodes) this.#planned.set(plan.key, plan);
  }

  #noneFatal(nodes: readonly GraphNode[]): void {
    for (const node of nodes) {
      const { status } = this.#standing(node);
      if (status.state === "fatal_error") throw fatalError(node.plan, status.message);
    }
  }

  /** Where state is kept cannot change under those who keep it. */
  #sameStore(nodes: readonly GraphNode[]): readonly GraphNode[] {
    if (this.#environment.store !== undefined) return nodes;
    const providerOf = ([first]: readonly GraphNode[]) => first && providedStore(first) && first;
    const [was, is] = [providerOf(this.#nodes), providerOf(nodes)];
    if (was?.instance === is?.instance) return nodes;
    const { id } = (is ?? was)!.plan;
    throw new Error(`where state is kept (extension ${id}) cannot be changed while the agent runs: restart it instead`);
  }
}

function fatalError({ kind, id }: PlannedNode, message: string): FatalError {
  return new FatalError(`${kind} ${id}: ${message}`);
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
