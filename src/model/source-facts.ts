import type { Source, Temporality } from "./series.ts";

/**
 * What a receiver knows of the one report of one source that a batch holds: facts only. Processors judge them, and know
 * nothing of the protocol that brought them. They speak of the batch's streams: what stands beside these, such as the
 * node's own series, holds whatever becomes of the report.
 */
export interface SourceFacts {
  readonly source: Source;
  /** The emitter's life as the sender names it (`?epoch=`); another value means that its counters began at zero. */
  readonly epoch?: string | undefined;
  /** The mode that was told for this source; absent where it has to be judged. */
  readonly told?: Exclude<Temporality, "unspecified"> | undefined;
  /** Of a report's bytes: two of one source are equal where it is. Absent for what its sender never repeats. */
  readonly fingerprint?: number | undefined;
  /** The fate of our answer to this report. */
  readonly receipt: Receipt;
  /** What happened to the source, oldest first; a batch may bring these and no points. */
  readonly life: readonly LifeEvent[];
}

/**
 * `began` and `closed`: the source said so. `connections_lost`: every connection of its node is gone. `gone`: it is silent
 * for so long that what it has at this moment is not known any more; it may come back, and then its counters go on.
 */
export interface LifeEvent {
  readonly type: "began" | "closed" | "connections_lost" | "gone";
  /** Milliseconds since the epoch, by our clock. */
  readonly at: number;
}

/**
 * `open`: not known yet. `read`: proof that the sender read our success; `refusal_read`: that it read our refusal, and so
 * keeps what it sent. `unread`: proof that it read no answer.
 * `unknown`: there will be no proof (a proxy in between, our own restart).
 */
export type ReceiptState = "open" | "read" | "refusal_read" | "unread" | "unknown";

/** The proof of delivery of one answer: live, never stored. Leaves `open` once at most, before or after its batch ends. */
export interface Receipt {
  readonly state: ReceiptState;
  /**
   * When the answer before this one was given on the same connection, in milliseconds since the epoch: it was read before
   * this request was sent. 0 where there was none; infinite where no request can come later than one that was sent after
   * it.
   */
  readonly aliveAt: number;
  /** Calls back once when the state leaves `open`; at once when it has. */
  settled(listener: (state: ReceiptState) => void): void;
  /**
   * Asks for proof where none has come by itself: our side of the connection is ended, and the peer's clean end proves
   * `read`, a reset or silence `unread`. Costs the sender a new connection, so only when an answer is in doubt.
   */
  ask(): void;
}

/** A receipt that is settled from the start. */
export function settledReceipt(state: ReceiptState): Receipt {
  return { state, aliveAt: Number.POSITIVE_INFINITY, settled: (listener) => listener(state), ask: () => {} };
}
