import type { Batches, Signal } from "../model/signal.ts";
import type { Refusal } from "./refusal.ts";
import type { Transaction } from "./store.ts";

/** Who sent a request. */
export interface Peer {
  /** `host:port`, or the path of a socket. */
  readonly address: string;
  readonly transport: "http" | "grpc" | "internal";
  /** The subject of the client's certificate, where one was asked for and verified. */
  readonly certificateSubject?: string;
}

/** How much a request can bring at the most, known before it is read in full. */
export interface Load {
  readonly items: number;
  readonly bytes: number;
  /** Series that it can bring into being. */
  readonly series?: number;
  /** As its origin's: it is refused last. */
  readonly irreplaceable?: boolean;
}

/**
 * One request's way through its pipelines: stage, commit, effect, answer.
 *
 * Everything a request changes is staged in `transaction` and takes effect together or not at all. What others can see
 * (a scrape, a line of output, a hand-over to a queue) happens in `onCommitted`, in order of arrival, before the answer.
 */
export interface Delivery {
  /** Unique in this process; in every log line about this request. */
  readonly id: string;
  /** Milliseconds since the epoch, by our clock. */
  readonly receivedAt: number;
  readonly peer: Peer;
  /** Aborted when nobody waits for the outcome any more, or at the end of the shutdown. */
  readonly signal: AbortSignal;
  readonly transaction: Transaction;
  /**
   * Runs `effect` once what was staged is kept, and never when it was taken back. Where the store could not say whether
   * it kept it, the delivery is refused, and the effect runs when a later commit has settled that. Must not throw.
   */
  onCommitted(effect: () => void): void;
}

/** What waits in a queue is joined into requests of so many items, and waits for others of them for so long. */
export interface Batching {
  /** Sent at once when so many wait. */
  readonly itemsMin: number;
  /** The most that one request holds; 0 for no limit. */
  readonly itemsMax: number;
  readonly flushTimeoutMs: number;
}

/**
 * Takes batches of one signal.
 *
 * `consume` takes the batch on: it stages what it changes, or drops on purpose and counts that. It refuses by throwing a
 * `Refusal`. It returns nothing when it is done, or a promise where it has to wait. Stateful work is synchronous: between
 * two awaits no other delivery runs, so no locks are needed. Batches are immutable: they are shared by all branches.
 *
 * `admit` is asked before anything of a delivery runs, on every branch that can be reached, with what the request can
 * bring at the most. `examine` is asked once the batches are known: on every branch, for each batch of the delivery,
 * before the first of them is consumed; whoever begins a delivery calls it on its ports. It is the place to refuse this
 * very batch (a repeat whose first sending is still in doubt). Neither changes anything, and after both nothing refuses.
 */
export interface Consumer<S extends Signal> {
  /**
   * How large the requests are to be that a queue makes of what it is handed, where its own configuration does not say;
   * undefined: as they come. Told at the start, and again whenever a reload has changed the graph.
   */
  batching?(batching: Batching | undefined): void;
  consume(batch: Batches[S], delivery: Delivery): void | Promise<void>;
  admit?(upperBound: Load): Refusal | undefined;
  examine?(batch: Batches[S]): Refusal | undefined;
}

/**
 * The consumers of a component, one for each signal that it takes or that its pipelines want. As a component's `next`
 * these are ports that the graph owns: a reload points them elsewhere while the component keeps them. A signal that no
 * pipeline wants is absent.
 */
export type Next = { readonly [S in Signal]?: Consumer<S> };

/** What begins a delivery. */
export interface Origin {
  readonly peer: Peer;
  readonly upperBound: Load;
  readonly signal: AbortSignal;
  /** Status events and records are sent once: they are refused last, from a reserve. */
  readonly irreplaceable?: boolean;
}

/** `taken`: committed, with its effects done. Otherwise nothing of it took effect. */
export type Outcome = { readonly taken: true } | { readonly taken: false; readonly refusal: Refusal };

/**
 * Why a delivery of so many bytes would not be admitted just now, undefined where it would: asked before a large request
 * is read, so that it can be refused without the work. `deliver` asks again.
 */
export type Crowded = (bytes: number) => Refusal | undefined;

/**
 * Takes a request through admission, `run`, commit and effects, and says how it ended; it never throws and never
 * rejects. Answers at once (no promise) where nothing had to wait. For receivers, connectors, timers and whoever else
 * begins something.
 */
export type Deliver = (origin: Origin, run: (delivery: Delivery) => void | Promise<void>) => Outcome | Promise<Outcome>;
