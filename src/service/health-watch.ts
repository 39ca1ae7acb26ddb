import type { Component } from "../component/component.ts";
import type { Log } from "../component/log.ts";
import type { MetricDescription } from "../component/meter.ts";
import type { ComponentHealth, Health } from "../component/status.ts";
import { deadline, orAborted } from "../lib/abort.ts";
import type { Cancel, Clock } from "../lib/clock.ts";
import { oneAtATime } from "../lib/one-at-a-time.ts";
import type { GraphNode } from "../pipeline/graph.ts";
import type { Standing } from "./standing.ts";

export const COMPONENT_HEALTH: MetricDescription = {
  name: "gostcol_component_health",
  description: "1 for the health that a component is in (ok, degraded, failed), 0 for the others",
  unit: "",
};

const PERIOD_MS = 5_000;
/** Who says nothing for so long is not well. */
const PATIENCE_MS = 2_000;
const OK: Health = { status: "ok" };
const STATES = ["ok", "degraded", "failed"] as const;

export interface HealthWatchOptions {
  readonly clock: Clock;
  readonly log: (node: GraphNode) => Log;
  /** What runs at present. */
  readonly nodes: () => readonly GraphNode[];
}

interface Watched {
  health: Health;
  /** When its health came to be this, in milliseconds since the epoch. */
  since: number;
  readonly hide: () => void;
}

/** Asks the components how they are, every few seconds: what changes is one line in the log, and a metric shows it. */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  /** By instance: a reload makes other nodes of those that it keeps. */
  readonly #watched = new Map<Component, Watched>();
  #cancel: Cancel | undefined;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#cancel = this.#options.clock.every(PERIOD_MS, () => void this.#look());
    void this.#look();
  }

  /** Safe twice, and without `start`. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#keep([]);
  }

  /** Asks now, while it watches; those who want to know at the same time share the answers. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#cancel !== undefined) await this.#look();
  }

  of({ plan: { kind, id, pipelines }, instance }: GraphNode, { status, since }: Standing): ComponentHealth {
    const watched = this.#watched.get(instance);
    const health = watched?.health ?? OK;
    // Of two that are wrong the first counts, and of two that are well the last.
    const times = [
      { isWrong: "message" in status, since },
      { isWrong: health.status === "failed", since: watched?.since ?? since },
    ];
    const wrong = times.filter(({ isWrong }) => isWrong);
    const asItIs =
      wrong.length > 0 ? Math.min(...wrong.map(({ since }) => since)) : Math.max(...times.map(({ since }) => since));
    return { kind, id, pipelines, status, health, since: asItIs };
  }

  readonly #look = oneAtATime(() => this.#askAll());

  async #askAll(): Promise<void> {
    const nodes = this.#options.nodes().filter(({ instance }) => instance.health !== undefined);
    this.#keep(nodes);
    await Promise.all(nodes.map(async (node) => this.#tell(node, await this.#ask(node))));
  }

  async #ask({ instance }: GraphNode): Promise<Health> {
    const limit = deadline(this.#options.clock, PATIENCE_MS, "to say how it is");
    try {
      return await orAborted(instance.health!(limit.signal), limit.signal);
    } catch (thrown) {
      return { status: "degraded", message: thrown instanceof Error ? thrown.message : String(thrown) };
    } finally {
      limit.cancel();
    }
  }

  #tell(node: GraphNode, health: Health): void {
    const watched = this.#watched.get(node.instance);
    if (watched === undefined) return; // It left while it was asked.
    const before = watched.health;
    watched.health = health;
    if (before.status === health.status) return;
    watched.since = this.#options.clock.now();
    const log = this.#options.log(node);
    if (health.status === "ok") log.info("its health is ok again");
    else log.warn(`its health is ${health.status}`, health.message === undefined ? {} : { reason: health.message });
  }

  /** Exactly these are watched from now on. */
  #keep(nodes: readonly GraphNode[]): void {
    for (const [instance, { hide }] of this.#watched) {
      if (nodes.some((node) => node.instance === instance)) continue;
      hide();
      this.#watched.delete(instance);
    }
    for (const { instance, seat } of nodes) {
      if (this.#watched.has(instance)) continue;
      const hide = seat.meter.gauge(COMPONENT_HEALTH, () => {
        const { status } = this.#watched.get(instance)!.health;
        return STATES.map((health) => ({ value: health === status ? 1 : 0, attributes: { health } }));
      });
      this.#watched.set(instance, { health: OK, since: this.#options.clock.now(), hide });
    }
  }
}
