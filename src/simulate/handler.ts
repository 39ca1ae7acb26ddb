import { shuffled } from "../lib/random.ts";
import type { Life } from "./books.ts";
import { Counters } from "./counters.ts";
import { Emitter, type Sample } from "./emitter.ts";
import type { GostEvent } from "./report.ts";
import type { ServiceConfig, ServiceDeps } from "./service-config.ts";

/**
 * What counts clients: one set of counters for each, never forgotten while it lives, and one report for all that changed.
 * An `auto` handler holds three of these, which know nothing of each other and report under the same names.
 */
export class Handler {
  readonly #config: ServiceConfig;
  readonly #life: Life;
  readonly #deps: ServiceDeps;
  readonly #clients = new Map<string, Counters>();
  readonly emitter: Emitter;

  constructor(config: ServiceConfig, life: Life, deps: ServiceDeps) {
    this.#config = config;
    this.#life = life;
    this.#deps = deps;
    this.emitter = new Emitter(config, deps, {
      afterRetry: "report",
      hasNews: () => [...this.#clients.values()].some(({ changed }) => changed),
      sample: () => this.#sample(),
    });
  }

  counters(client: string): Counters {
    let counters = this.#clients.get(client);
    if (counters === undefined) {
      const identity = { node: this.#deps.node, kind: "handler", service: this.#config.name, client } as const;
      counters = new Counters(this.#deps.books.open(identity, this.#life), this.#config.resetTraffic);
      this.#clients.set(client, counters);
    }
    return counters;
  }

  get allCounters(): readonly Counters[] {
    return [...this.#clients.values()];
  }

  /** Reports nothing from now on; what its clients still move is lost. */
  end(): void {
    this.emitter.stop();
    for (const { ledger } of this.#clients.values()) ledger.ended = true;
  }

  #sample(): Sample | undefined {
    const entries = [];
    const events: GostEvent[] = [];
    // Go walks its maps in an order of its own.
    for (const [client, counters] of shuffled([...this.#clients], this.#deps.random)) {
      const stats = counters.read();
      if (stats === undefined) continue;
      entries.push({ ledger: counters.ledger, stats });
      events.push({ kind: "handler", service: this.#config.name, client, type: "stats", stats });
    }
    return events.length === 0 ? undefined : { events, entries };
  }
}
