import type { Resource, Series, Source, Stream } from "../../model/series.ts";
import type { Kind, ServiceState } from "./gost-series.ts";
import type { Literal } from "./literal.ts";

/** One GOST process, by its name. */
export interface Node {
  readonly name: string;
  readonly resource: Resource;
  /** When it last reported, and whether it is up: told together. */
  readonly presence: readonly [lastReport: Series, up: Series];
  readonly services: Map<string, Service>;
  /** By hash, at most one for each of its emitters. */
  readonly signatures: Map<number, Signature>;
  /** How many series it has. */
  seriesCount: number;
  /** How often it reported. */
  reports: number;
}

/** One entry of a node's `services:`, with both levels at which it counts. */
export interface Service {
  readonly name: string;
  readonly node: Node;
  readonly unreported: Series;
  readonly levels: Readonly<Record<Kind, Level>>;
  /** One for each state, made with the first status event. */
  states: readonly Series[] | undefined;
  /** What it told last. */
  state: ServiceState | undefined;
  /** When anything was last heard of it, by a monotonic clock. */
  heardAt: number;
  /** What that still says of it now: its state and its open connections, the state alone, or nothing. */
  known: "all" | "state" | "nothing";
}

/** What one level of a service counts: for each client, or for the service itself. */
export interface Level {
  readonly node: Node;
  readonly source: Source;
  /** By client; the service's own under the empty name. */
  readonly emitters: Map<string, Emitter>;
  /** Made when a client finds no room. */
  overflow: Stream | undefined;
}

/** One client of a service, or the service itself: whose counts a stream holds. */
export interface Emitter {
  readonly level: Level;
  readonly stream: Stream;
  /** True once its series were swept from their table. */
  forgotten: boolean;
  /** The table's generation in which its series were marked as used last. */
  usedIn: number;
  /** The one that is remembered, where reports are recognised by such. */
  signature: Signature | undefined;
}

/** The text with which an emitter's events begin, so that they are recognised without being parsed (`quick-json.ts`). */
export interface Signature {
  readonly text: Literal;
  readonly hash: number;
  /** Where in it the client's name begins, and the hash of what stands before. */
  readonly clientAt: number;
  readonly clientHash: number;
  readonly kind: Kind;
  readonly service: string;
  readonly client: string;
  /** Who it turned out to be, once that was looked up. */
  emitter: Emitter | undefined;
}
