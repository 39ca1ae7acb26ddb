import type { Log } from "../../component/log.ts";
import type { ServerConnection } from "../../component/server.ts";
import type { Cancel, Clock } from "../../lib/clock.ts";
import { type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { Source } from "../../model/series.ts";
import { Absences } from "./absences.ts";
import { Introduction } from "./introduction.ts";
import { Mixing } from "./mixing.ts";
import type { Node } from "./node.ts";
import type { NodeBook } from "./node-book.ts";
import { peerHost } from "./node-name.ts";
import { type Connection, isConnected, isForgotten, type Presence, type Transport } from "./node-presence.ts";
import { statePoints } from "./service-state.ts";
import { TransitionLog } from "./transition-log.ts";
import { lifeBatches, type Tell, tellThen, UntoldFacts } from "./untold-facts.ts";

/** Reports closer together than this are not a period apart: GOST's shortest is a second. */
const PERIOD_MS_MIN = 900;
const CHECK_EVERY_MS = 5_000;
/** How often what is known of nodes is said again: GOST says nothing of what does not change, and series must not vanish. */
const SAY_EVERY_MS = 60_000;
const SAID_TOGETHER_MAX = 10_000;

/** One request of a node. */
export interface Arrival {
  readonly node: Node;
  readonly connection: ServerConnection;
  readonly transport: Transport;
  readonly told: "delta" | "cumulative" | undefined;
  /** Whether somebody gave the node its name, or it was called by its address or by the default name. */
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
  readonly #absences: Absences;
  #cancels: readonly Cancel[] = [];

  constructor(parts: PresenceParts) {
    this.#parts = parts;
    this.#losses = new UntoldFacts(parts.tell);
    this.#absences = new Absences(parts);
  }

  start(): void {
    const { clock } = this.#parts;
    this.#cancels = [
      clock.every(CHECK_EVERY_MS, () => this.#check()),
      clock.every(SAY_EVERY_MS, () => this.#sayAgain()),
    ];
  }

  /** Ends all timers; introductions that are still due are made at once. */
  stop(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels = [];
    for (const { introduction } of this.#presences.values()) introduction.make();
    this.#presences.clear();
    this.#connections.clear();
    this.#losses.stop();
  }

  /** A request came in. */
  arrived(arrival: Arrival): void {
    const { clock } = this.#parts;
    const now = clock.monotonic();
    let presence = this.#presences.get(arrival.node);
    if (presence === undefined) {
      presence = this.#meet(arrival.node, now);
    } else {
      const gapMs = now - presence.lastReportAt;
      if (gapMs >= PERIOD_MS_MIN && gapMs < presence.periodMs) presence.periodMs = gapMs;
      if (presence.standing !== "up") presence.log.back();
      presence.standing = "up";
    }
    presence.lastReportAt = now;
    presence.lastReportTime = clock.now();
    this.#connect(presence, arrival, now);
    presence.introduction.note(arrival.transport, arrival.told);
  }

  /** What a request brought, source by source, and the time that was told with it. */
  reported({ node, connection, transport, named }: Arrival, batches: readonly MetricsBatch[], time: number): void {
    const presence = this.#presences.get(node);
    if (presence === undefined) return;
    presence.lastReportTime = Math.max(presence.lastReportTime, time);
    const now = presence.lastReportAt;
    const { sources } = presence.channels[transport];
    const over = named ? undefined : this.#connections.get(connection.id);
    for (const { source: facts } of batches) {
      if (facts === undefined) continue;
      sources.add(facts.source);
      const service = node.services.get(facts.source.service);
      if (service === undefined) continue;
      service.heardAt = now;
      service.known = "all";
      if (over !== undefined) presence.mixing.reported(service, facts, over, now);
    }
  }

  closed({ id, endedByUs }: ServerConnection): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#connections.delete(id);
    const now = this.#parts.clock.monotonic();
    for (const presence of connection.presences) {
      const channel = presence.channels[connection.transport];
      channel.open.delete(connection);
      if (channel.open.size > 0) continue;
      const { sources } = channel;
      channel.sources = new Set();
      if (!endedByUs) loses(presence, { over: connection.transport, at: now, sources });
      this.#tellLost(sources);
    }
  }

  #meet(node: Node, now: number): Presence {
    const { clock, log } = this.#parts;
    const presence: Presence = {
      node,
      standing: "up",
      lastReportAt: now,
      lastReportTime: clock.now(),
      periodMs: Number.POSITIVE_INFINITY,
      channels: {
        http: { open: new Set(), sources: new Set(), lost: undefined },
        grpc: { open: new Set(), sources: new Set(), lost: undefined },
      },
      lost: undefined,
      introduction: new Introduction(node, this.#parts),
      mixing: new Mixing(node, log),
      log: new TransitionLog(node, log),
    };
    this.#presences.set(node, presence);
    return presence;
  }

  #connect(presence: Presence, { connection, transport, named }: Arrival, now: number): void {
    let known = this.#connections.get(connection.id);
    if (known === undefined) {
      if (!connection.open) {
        // It ended behind its request; nobody will say so again.
        if (!isConnected(presence) && !connection.endedByUs) presence.lost = { at: now, over: transport };
        return;
      }
      known = { host: peerHost(connection.peer.address), transport, since: now, presences: new Set() };
      this.#connections.set(connection.id, known);
    }
    if (known.presences.has(presence)) return;
    known.presences.add(presence);
    const { http, grpc } = presence.channels;
    presence.channels[transport].open.add(known);
    presence.channels[transport].lost = undefined;
    presence.lost = undefined;
    presence.mixing.connected([...http.open, ...grpc.open], named);
  }

  #tellLost(sources: ReadonlySet<Source>): void {
    if (sources.size > 0) this.#losses.tell(lifeBatches(sources, "connections_lost", this.#parts.clock.now()));
  }

  #check(): void {
    this.#losses.tellAgain();
    const now = this.#parts.clock.monotonic();
    const { nodes } = this.#parts.book;
    for (const [node, presence] of this.#presences) {
      if (nodes.get(node.name) === node) {
        this.#absences.look(presence, now);
      } else {
        presence.introduction.make();
        this.#presences.delete(node); // Swept from the table of series; its next report begins anew.
      }
    }
  }

  /** All that is known of nodes and has no report of its own; a node that is forgotten is left to be swept. */
  #sayAgain(): void {
    const { clock, book, tell } = this.#parts;
    const now = clock.monotonic();
    const time = clock.now();
    let [rows, points]: [Row[], Point[]] = [[], []];
    const say = () => {
      if (rows.length > 0) tellThen(tell, [{ rows, points }], () => {}); // Refused: it is said again in a minute.
      [rows, points] = [[], []];
    };
    for (const presence of this.#presences.values()) {
      const { node, lastReportTime, standing } = presence;
      if (isForgotten(presence, now)) continue;
      book.keep(node);
      const values = [lastReportTime / 1000, standing === "up" ? 1 : 0];
      rows.push(new Row(node.presence, 0, time, values));
      for (const { states, state, known } of node.services.values()) {
        if (known === "nothing" || states === undefined || state === undefined) continue;
        points.push(...statePoints(states, state, time));
      }
      if (rows.length + points.length >= SAID_TOGETHER_MAX) say();
    }
    say();
  }
}

/** The last connection of a transport ended by itself. */
function loses(
  presence: Presence,
  { over, at, sources }: { readonly over: Transport; readonly at: number; readonly sources: ReadonlySet<Source> },
): void {
  if (isConnected(presence)) {
    presence.channels[over].lost = { at, sources };
    return;
  }
  presence.lost = { at, over };
  for (const channel of Object.values(presence.channels)) channel.lost = undefined;
}
