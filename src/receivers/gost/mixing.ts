import type { Log } from "../../component/log.ts";
import { RELOAD_MS } from "../../kit/source-life.ts";
import { isLoopback } from "../../lib/host.ts";
import type { SourceFacts } from "../../model/source-facts.ts";
import type { Node, Service } from "./node.ts";

/** What has to be known of a connection. */
interface Reporting {
  readonly host: string;
  readonly transport: string;
  /** When its first report came, by a monotonic clock. */
  readonly since: number;
}

/** What a service told of its life, and whether it began while the one before it had not ended. */
interface Life {
  readonly beganAt: number;
  inDoubt: boolean;
}

/** Two GOSTs under one name are one set of counters to everybody behind us: looks for signs of that, and warns. */
export class Mixing {
  readonly #node: Node;
  readonly #log: Log;
  /** Of services that told of their beginning, and not of their end. */
  readonly #lives = new WeakMap<Service, Life>();
  /** How many of them are in doubt. */
  #doubts = 0;

  constructor(node: Node, log: Log) {
    this.#node = node;
    this.#log = log;
  }

  /** Looks at all connections that the node has open. `named`: somebody gave it its name. */
  connected(connections: readonly Reporting[], named: boolean): void {
    const hosts = new Set(connections.map(({ host }) => (isLoopback(host) ? "this machine" : host)));
    if (hosts.size > 1) {
      this.#warn(`reports from ${[...hosts].join(" and ")}`, named);
      return;
    }
    const channels = connections.filter(({ transport }) => transport === "grpc").length;
    if (!named && channels > 1) this.#warn(`has ${channels} gRPC connections and no name of its own`, named);
  }

  /**
   * Looks at a report of a node that nobody named. A service of it began, without an end of what was before: then the
   * process before is gone, and its connections with it. One that still reports over an older connection is another.
   * `now`: a monotonic clock's.
   */
  reported(service: Service, { source, life, fingerprint }: SourceFacts, { since }: Reporting, now: number): void {
    if (source.kind === "service") for (const { type } of life) this.#told(service, type, now);
    if (fingerprint === undefined || this.#doubts === 0) return;
    const known = this.#lives.get(service);
    if (!known?.inDoubt || now - known.beganAt <= RELOAD_MS || since >= known.beganAt) return;
    this.#settle(known);
    this.#warn(`goes on to report ${service.name} over an older connection after ${service.name} began anew`, false);
  }

  #told(service: Service, type: SourceFacts["life"][number]["type"], now: number): void {
    const known = this.#lives.get(service);
    if (type === "began") {
      if (known?.inDoubt) this.#settle(known);
      const inDoubt = known !== undefined;
      if (inDoubt) this.#doubts++;
      this.#lives.set(service, { beganAt: now, inDoubt });
    } else if (type === "closed" && known !== undefined) {
      if (known.inDoubt) this.#settle(known);
      // Just after a beginning it is the end of what was before.
      if (now - known.beganAt > RELOAD_MS) this.#lives.delete(service);
    }
  }

  #settle(life: Life): void {
    life.inDoubt = false;
    this.#doubts--;
  }

  #warn(sign: string, named: boolean): void {
    const { name } = this.#node;
    const advice = named
      ? "give each a name of its own"
      : "give each a name: `?node=` in the observer's URL, or a token with a node (auth.tokens)";
    this.#log
      .limited(`mixing ${name}`)
      .warn(`${name} ${sign}: if these are two GOSTs, their numbers mix; ${advice}`, { node: name });
  }
}
