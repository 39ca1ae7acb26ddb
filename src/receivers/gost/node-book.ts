import type { Series, Source, Stream } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { sourceKey } from "../../model/stream-key.ts";
import { type GostSeries, type Kind, SERVICE_STATES } from "./gost-series.ts";
import type { Emitter, Level, Node, Service, Signature } from "./node.ts";

/** Those of one node, and whether it may have more. */
export interface KnownEmitters {
  readonly signatures: ReadonlyMap<number, Signature>;
  readonly mayGrow: boolean;
}

export interface SeriesLimits {
  readonly series: number;
  readonly seriesPerNode: number;
}

/**
 * What has reported so far: nodes, their services, their clients' streams. All of it can be found again in the series
 * table, whose sweep decides what is forgotten; this book keeps the ways to it short, and counts what it gave out.
 *
 * Looking something up is using it: what is looked up is touched.
 */
export class NodeBook {
  readonly #nodes = new Map<string, Node>();
  readonly #table: SeriesTable;
  readonly #gost: GostSeries;
  readonly #limits: SeriesLimits;
  /** Each node, service and stream hangs on the one of its series that is touched with every use. */
  readonly #forget: Memo<() => void>;
  #seriesCount = 0;

  constructor(table: SeriesTable, gost: GostSeries, limits: SeriesLimits) {
    this.#table = table;
    this.#gost = gost;
    this.#limits = limits;
    this.#forget = table.memo((_series, forget) => forget());
  }

  get nodes(): ReadonlyMap<string, Node> {
    return this.#nodes;
  }

  /** The node of this name, new or not; undefined where there is no room for another. */
  node(name: string): Node | undefined {
    const known = this.#nodes.get(name);
    if (known !== undefined) {
      this.#touchNode(known);
      return known;
    }
    if (this.#seriesCount + 2 > this.#limits.series) return undefined;
    const resource = this.#gost.resource(name);
    const node: Node = {
      name,
      resource,
      presence: [this.#gost.lastReport(resource), this.#gost.up(resource)],
      services: new Map(),
      signatures: new Map(),
      seriesCount: 0,
      reports: 0,
    };
    this.#nodes.set(name, node);
    this.#count(node, 2);
    this.#forget.set(node.presence[0], () => this.#forgetNode(node));
    return node;
  }

  /** The node's service of this name, new or not; undefined where there is no room for another, or it is no name. */
  service(node: Node, name: string): Service | undefined {
    const known = node.services.get(name);
    if (known !== undefined) {
      this.#touchService(known);
      return known;
    }
    if (name === "" || !isName(name) || !this.#hasRoom(node, 1)) return undefined;
    const unreported = this.#gost.unreported(node.resource, name);
    const whose = { node: node.name, service: name };
    const level = (kind: Kind, more: Pick<Source, "emitters">): Level => ({
      node,
      source: { key: sourceKey({ ...whose, kind }), ...whose, kind, unreported, ...more },
      emitters: new Map(),
      overflow: undefined,
    });
    const service: Service = {
      name,
      node,
      unreported,
      // A listener counts once, a handler may hold several that count (`auto`).
      levels: { service: level("service", { emitters: 1 }), handler: level("handler", {}) },
      states: undefined,
      state: undefined,
      heardAt: 0,
      known: "nothing",
    };
    node.services.set(name, service);
    this.#count(node, 1);
    this.#forget.set(unreported, () => this.#forgetService(service));
    return service;
  }

  /** The emitter of a client (`""` for the service's own level), new or not; undefined where `service` would be. */
  emitter(level: Level, client: string): Emitter | undefined {
    const known = level.emitters.get(client);
    if (known !== undefined) {
      this.#table.touch(known.stream.series[0]!);
      return known;
    }
    if (!isName(client) || !this.#hasRoom(level.node, SERIES_PER_STREAM)) return undefined;
    const { source, node } = level;
    const stream = this.#gost.stream(node.resource, source, source.kind === "service" ? undefined : client);
    const emitter: Emitter = { level, stream, forgotten: false, usedIn: 0, signature: undefined };
    level.emitters.set(client, emitter);
    this.#count(node, SERIES_PER_STREAM);
    this.#forget.set(stream.series[0]!, () => {
      level.emitters.delete(client);
      this.#forgetEmitter(emitter);
    });
    return emitter;
  }

  /** The emitter whose events begin so, remembered from now on by that; undefined where `emitter` would be. */
  recognise(node: Node, signature: Signature): Emitter | undefined {
    const { kind, service, client, hash } = signature;
    const level = this.service(node, service)?.levels[kind];
    if (level === undefined) return undefined;
    const emitter = this.emitter(level, kind === "service" ? "" : client);
    if (emitter === undefined) return undefined;
    // The latest one is kept: of an emitter that is written in two ways, and of two with one hash.
    forgetSignature(emitter);
    const displaced = node.signatures.get(hash)?.emitter;
    if (displaced !== undefined) displaced.signature = undefined;
    signature.emitter = emitter;
    emitter.signature = signature;
    node.signatures.set(hash, signature);
    return emitter;
  }

  /** By what the events of this node are recognised before it is looked up, and used, itself. */
  known(name: string): KnownEmitters {
    const node = this.#nodes.get(name);
    if (node === undefined) return NOBODY;
    return { signatures: node.signatures, mayGrow: this.#hasRoom(node, SERIES_PER_STREAM) };
  }

  /** How many series so many events of a node can bring into being. */
  room({ seriesCount }: Node, events: number): number {
    const { series, seriesPerNode } = this.#limits;
    return Math.min(events * SERIES_PER_STREAM, seriesPerNode - seriesCount, series - this.#seriesCount);
  }

  /** Where the bytes of clients without a stream go. There is always room for it: one for each level of a service. */
  overflow(level: Level): Stream {
    const known = level.overflow;
    if (known !== undefined) {
      this.#table.touch(known.series[0]!);
      return known;
    }
    const stream = this.#gost.overflow(level.node.resource, level.source);
    level.overflow = stream;
    this.#forget.set(stream.series[0]!, () => {
      level.overflow = undefined;
    });
    return stream;
  }

  /** A series for each of the service's states; undefined where there is no room for them. */
  states(service: Service): readonly Series[] | undefined {
    if (service.states !== undefined) return service.states;
    if (!this.#hasRoom(service.node, SERVICE_STATES.length)) return undefined;
    service.states = this.#gost.states(service.node.resource, service.name);
    this.#count(service.node, SERVICE_STATES.length);
    return service.states;
  }

  /** Uses a node, and those services of it of which something is known. */
  keep(node: Node): void {
    this.#touchNode(node);
    for (const service of node.services.values()) if (service.known !== "nothing") this.#touchService(service);
  }

  /** Ends the book: the table no longer tells it of what is forgotten. */
  dispose(): void {
    this.#forget.dispose();
    this.#nodes.clear();
    this.#seriesCount = 0;
  }

  #touchNode({ presence }: Node): void {
    for (const series of presence) this.#table.touch(series);
  }

  #touchService({ unreported, states }: Service): void {
    this.#table.touch(unreported);
    if (states !== undefined) for (const series of states) this.#table.touch(series);
  }

  #hasRoom(node: Node, count: number): boolean {
    return node.seriesCount + count <= this.#limits.seriesPerNode && this.#seriesCount + count <= this.#limits.series;
  }

  #count(node: Node, count: number): void {
    node.seriesCount += count;
    this.#seriesCount += count;
  }

  #forgetNode(node: Node): void {
    for (const service of node.services.values()) this.#forgetService(service);
    this.#forget.delete(node.presence[0]);
    this.#count(node, -2);
    this.#nodes.delete(node.name);
  }

  #forgetService(service: Service): void {
    const { node, unreported, states } = service;
    for (const level of Object.values(service.levels)) {
      for (const emitter of level.emitters.values()) {
        this.#forget.delete(emitter.stream.series[0]!);
        this.#forgetEmitter(emitter);
      }
      level.emitters.clear();
      if (level.overflow !== undefined) this.#forget.delete(level.overflow.series[0]!);
    }
    this.#forget.delete(unreported);
    this.#count(node, -1 - (states?.length ?? 0));
    node.services.delete(service.name);
  }

  #forgetEmitter(emitter: Emitter): void {
    emitter.forgotten = true;
    forgetSignature(emitter);
    this.#count(emitter.level.node, -SERIES_PER_STREAM);
  }
}

function forgetSignature({ level, signature }: Emitter): void {
  if (signature !== undefined) level.node.signatures.delete(signature.hash);
}

const NAME_LENGTH_MAX = 1024;

/** What a service or a client can be called: texts that are the same to everyone (no lone surrogates), and not endless. */
export function isName(text: string): boolean {
  return text.length <= NAME_LENGTH_MAX && text.isWellFormed();
}

const NOBODY: KnownEmitters = { signatures: new Map(), mayGrow: true };

/** Five members, and the uncertain part of two of them. */
const SERIES_PER_STREAM = 7;
