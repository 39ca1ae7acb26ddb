import { Fate, Life } from "./books.ts";
import { Connection } from "./connection.ts";
import { Counters } from "./counters.ts";
import { Emitter, type Sample } from "./emitter.ts";
import { Handler } from "./handler.ts";
import { EMITTERS, emitterOf, type Protocol, REFUSED_LOGIN } from "./handlers.ts";
import type { ServiceState } from "./report.ts";
import type { ServiceConfig, ServiceDeps } from "./service-config.ts";

/** One life of a service: its counters begin at zero with it. A reload makes a new one, and the old one may live on. */
export class Service {
  readonly config: ServiceConfig;
  readonly life: Life;
  readonly #deps: ServiceDeps;
  readonly #counters: Counters;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #connections = new Set<Connection>();
  #emitter: Emitter | undefined;
  /** `closed`: accepts nothing more. `ended`: with its process, or with its last connection after it was closed. */
  #state: "created" | "serving" | "closed" | "ended" = "created";

  /** Its handlers tick from here on, the service itself once it serves. */
  constructor(config: ServiceConfig, deps: ServiceDeps) {
    this.config = config;
    this.#deps = deps;
    const identity = { node: deps.node, kind: "service", service: config.name, client: "" } as const;
    this.life = new Life(deps.process, deps.clock.monotonic());
    this.#counters = new Counters(deps.books.open(identity, this.life), config.resetTraffic);
    const handlers = config.levels.includes("handler") ? EMITTERS[config.handler] : [];
    this.#handlers = new Map(handlers.map((name) => [name, new Handler(config, this.life, deps)]));
  }

  get serving(): boolean {
    return this.#state === "serving";
  }

  get openConnections(): number {
    return this.#connections.size;
  }

  /** Whether all that it counted was delivered, or never will be. */
  get settled(): boolean {
    const emitters = [this.#emitter, ...[...this.#handlers.values()].map(({ emitter }) => emitter)];
    return emitters.every((emitter) => emitter?.settled ?? true);
  }

  /** Tells a state: once, whatever becomes of it. GOST waits for the answer. */
  async tell(state: ServiceState): Promise<void> {
    if (!this.#observed) return;
    const fate = state === "running" ? this.life.began : state === "closed" ? this.life.closed : new Fate();
    const event = { kind: "service", service: this.config.name, type: "status", state } as const;
    const result = await this.#deps.send([event], fate);
    if (result === "success" || result === "lost") fate.taken(this.#deps.clock.monotonic());
  }

  /** Says that it is ready, then accepts connections until it is closed. */
  async serve(): Promise<void> {
    await this.tell("ready");
    if (this.#state !== "created") return;
    this.#state = "serving";
    if (!this.#observed) return;
    this.#emitter = new Emitter(this.config, this.#deps, {
      afterRetry: "wait",
      hasNews: () => this.#counters.changed,
      sample: () => this.#sample(),
    });
  }

  /** An accept error that passes. */
  async stumble(): Promise<void> {
    await this.tell("failed");
    if (this.serving) await this.tell("ready");
  }

  /** A client that logged in; undefined while nobody serves it. */
  connect(client: string, protocol: Protocol): Connection | undefined {
    if (!this.serving) return undefined;
    const ofClient = this.#handlers.get(emitterOf(protocol) ?? "")?.counters(client);
    const connection = new Connection(protocol, { ofService: this.#counters, ofClient }, () => {
      this.#connections.delete(connection);
      if (this.#state === "closed") this.#endWhenEmpty();
    });
    this.#connections.add(connection);
    return connection;
  }

  /** A client whose login was refused: a connection and an error at service level, and nothing at handler level. */
  refuseLogin(): void {
    if (this.serving) this.#counters.add({ totalConns: 1, totalErrs: 1, ...REFUSED_LOGIN });
  }

  /**
   * A reload took its listener away. Its handler reports nothing more, but for those inside an `auto` handler, which
   * are never told; the service itself reports on, with its old counters, until its last connection closes.
   */
  close(): void {
    this.#state = "closed";
    this.life.outlivesUnseen = this.#allCounters.some((counters) => counters.hasUnseen);
    for (const { ledger } of this.#allCounters) ledger.replaced();
    if (this.config.handler !== "auto") for (const handler of this.#handlers.values()) handler.end();
    this.#endWhenEmpty();
  }

  /** Its process is gone. */
  end(): void {
    for (const { ledger } of this.#allCounters) ledger.replaced();
    this.#endEmitter();
    for (const handler of this.#handlers.values()) handler.end();
    for (const connection of this.#connections) connection.drop();
    this.#connections.clear();
  }

  get #allCounters(): readonly Counters[] {
    return [this.#counters, ...[...this.#handlers.values()].flatMap((handler) => handler.allCounters)];
  }

  get #observed(): boolean {
    return this.config.levels.includes("service");
  }

  #endWhenEmpty(): void {
    if (this.#connections.size === 0) this.#endEmitter();
  }

  /** There is no last report: what was not reported by now is lost. */
  #endEmitter(): void {
    this.#state = "ended";
    this.#emitter?.stop();
    this.#counters.ledger.ended = true;
  }

  #sample(): Sample | undefined {
    const stats = this.#counters.read();
    if (stats === undefined) return undefined;
    return {
      events: [{ kind: "service", service: this.config.name, client: "", type: "stats", stats }],
      entries: [{ ledger: this.#counters.ledger, stats }],
    };
  }
}
