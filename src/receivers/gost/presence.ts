import type { Log } from "../../component/log.ts";
import type { ServerConnection } from "../../component/server.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import type { MetricsBatch } from "../../model/points.ts";
import type { Source } from "../../model/series.ts";
import { settledReceipt } from "../../model/source-facts.ts";
import { Introduction } from "./introduction.ts";
import type { Node } from "./node.ts";
import type { NodeBook } from "./node-book.ts";
import { peerHost } from "./node-name.ts";
import { type Tell, tellThen, UntoldFacts } from "./untold-facts.ts";

/** A node that lost its connections counts as gone when nothing came from it for this long. */
const GONE_AFTER_MS = 150_000;
/** ... or for this many of its periods, where that is longer. */
const GONE_AFTER_PERIODS = 3;
/** Reports closer together than this are not a period apart: GOST's shortest is a second. */
const PERIOD_MS_MIN = 900;
const CHECK_EVERY_MS = 5_000;

type Transport = "http" | "grpc";

/** What is known of one node's being there. Times are of the monotonic clock. */
interface Presence {
  readonly node: Node;
  lastReportAt: number;
  /** The shortest time between two of its reports: at most its period. */
  periodMs: number;
  readonly open: Record<Transport, Set<Connection>>;
  /** What reported over a transport since its connections were last gone. */
  readonly sources: Record<Transport, Set<Source>>;
  /** When its last connection ended, by its own doing. */
  lostAt: number | undefined;
  up: boolean;
  readonly introduction: Introduction;
}

interface Connection {
  readonly host: string;
  readonly transport: Transport;
  readonly presences: Set<Presence>;
}

/** One request of a node. */
export interface Arrival {
  readonly node: Node;
  readonly connection: ServerConnection;
  readonly transport: Transport;
  readonly told: "delta" | "cumulative" | undefined;
  /** Whether somebody gave the node its name, or it was called by its address or by this machine's name. */
  readonly named: boolean;
}

export interface PresenceParts {
  readonly book: NodeBook;
  readonly clock: Clock;
  readonly log: Log;
  readonly tell: Tell;
}

/** Knows which nodes are there: from their reports, from their connections, and from silence. */
export class PresenceBook {
  readonly #parts: PresenceParts;
  readonly #presences = new Map<Node, Presence>();
  readonly #connections = new Map<number, Connection>();
  readonly #losses: UntoldFacts;
  #cancelChecks: Cancel | undefined;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#losses = new UntoldFacts(parts.tell);
  }

  start(): void {
    this.#cancelChecks = this.#parts.clock.every(CHECK_EVERY_MS, () => this.#check());
  }

  /** Ends all timers; introductions that are still due are made at once. */
  stop(): void {
    this.#cancelChecks?.();
    this.#cancelChecks = undefined;
    for (const { introduction } of this.#presences.values()) introduction.make();
    this.#presences.clear();
    this.#connections.clear();
    this.#losses.stop();
  }

  /** A request came in. */
  arrived(arrival: Arrival): void {
    const { node } = arrival;
    const now = this.#parts.clock.monotonic();
    let presence = this.#presences.get(node);
    if (presence === undefined) {
      presence = this.#meet(node, now);
    } else {
      const gapMs = now - presence.lastReportAt;
      if (gapMs >= PERIOD_MS_MIN && gapMs < presence.periodMs) presence.periodMs = gapMs;
      presence.lastReportAt = now;
      if (!presence.up) {
        presence.up = true;
        this.#parts.log.info(`${node.name} is back`, { node: node.name });
      }
    }
    this.#connect(presence, arrival);
    presence.introduction.note(arrival.transport, arrival.told);
  }

  /** These sources reported over this transport. */
  reported(node: Node, transport: Transport, batches: readonly MetricsBatch[]): void {
    const sources = this.#presences.get(node)?.sources[transport];
    if (sources === undefined) return;
    for (const { source } of batches) if (source !== undefined) sources.add(source.source);
  }

  closed({ id, endedByUs }: ServerConnection): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    for (const presence of connection.presences) {
      const open = presence.open[connection.transport];
      open.delete(connection);
      if (open.size > 0) continue;
      if (!isConnected(presence) && !endedByUs) presence.lostAt = this.#parts.clock.monotonic();
      const sources = presence.sources[connection.transport];
      presence.sources[connection.transport] = new Set();
      this.#tellLost(sources);
    }
  }

  #meet(node: Node, now: number): Presence {
    const presence: Presence = {
      node,
      lastReportAt: now,
      periodMs: Number.POSITIVE_INFINITY,
      open: { http: new Set(), grpc: new Set() },
      sources: { http: new Set(), grpc: new Set() },
      lostAt: undefined,
      up: true,
      introduction: new Introduction(node, this.#parts),
    };
    this.#presences.set(node, presence);
    return presence;
  }

  #connect(presence: Presence, { connection, transport, named }: Arrival): void {
    let known = this.#connections.get(connection.id);
    if (known === undefined) {
      if (!connection.open) return; // It ended behind its request; nobody will say so again.
      known = { host: peerHost(connection.peer.address), transport, presences: new Set() };
      this.#connections.set(connection.id, known);
    }
    if (known.presences.has(presence)) return;
    known.presences.add(presence);
    presence.open[transport].add(known);
    presence.lostAt = undefined;
    this.#warnOfMixing(presence, known, named);
  }

  /** Two GOSTs under one name are one set of counters to everybody behind us. */
  #warnOfMixing({ node, open }: Presence, { host }: Connection, named: boolean): void {
    const hosts = new Set([host, ...[...open.http, ...open.grpc].map((connection) => connection.host)]);
    const twoHosts = named && hosts.size > 1;
    const twoChannels = !named && open.grpc.size > 1;
    if (!twoHosts && !twoChannels) return;
    this.#parts.log
      .limited(`mixing ${node.name}`)
      .warn(
        twoHosts
          ? `${node.name} reports from ${[...hosts].join(" and ")}: if these are two GOSTs, their numbers mix; ` +
              "give each a name of its own"
          : `${node.name} has ${open.grpc.size} gRPC connections and no name of its own: if these are two GOSTs, ` +
              "their numbers mix; give each a token with a node (auth.tokens), or a receiver of its own",
        { node: node.name },
      );
  }

  #tellLost(sources: ReadonlySet<Source>): void {
    if (sources.size === 0) return;
    const life = [{ type: "connections_lost", at: this.#parts.clock.now() }] as const;
    const receipt = settledReceipt("unknown");
    this.#losses.tell([...sources].map((source) => ({ rows: [], points: [], source: { source, receipt, life } })));
  }

  #check(): void {
    this.#losses.tellAgain();
    const now = this.#parts.clock.monotonic();
    const { nodes } = this.#parts.book;
    for (const [node, presence] of this.#presences) {
      if (nodes.get(node.name) !== node) {
        presence.introduction.make();
        this.#presences.delete(node); // Swept from the table of series; its next report begins anew.
        continue;
      }
      if (!presence.up || isConnected(presence) || presence.lostAt === undefined) continue;
      const graceMs = Math.max(
        GONE_AFTER_MS,
        Number.isFinite(presence.periodMs) ? presence.periodMs * GONE_AFTER_PERIODS : 0,
      );
      if (now - Math.max(presence.lostAt, presence.lastReportAt) < graceMs) continue;
      presence.up = false;
      const { tell } = this.#parts;
      tellThen(
        tell,
        [{ rows: [{ series: node.presence, start: 0, time: this.#parts.clock.now(), values: GONE }], points: [] }],
        (taken) => {
          presence.up = !taken; // Refused: the next check says it again.
          if (taken)
            this.#parts.log.warn(`${node.name} is gone: no connection, and no report for a while`, { node: node.name });
        },
      );
    }
  }
}

/** Nothing new of its last report, and not up. */
const GONE = [Number.NaN, 0];

function isConnected({ open }: Presence): boolean {
  return open.http.size + open.grpc.size > 0;
}
