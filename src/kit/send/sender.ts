import type { Batches, Signal } from "../../model/signal.ts";

/** All that an exporter writes itself: one attempt to bring one batch to its backend. Called concurrently. */
export interface Sender<S extends Signal> {
  /**
   * Resolves when the backend has taken the batch, with what it said of a part that it rejected. Rejects with a
   * `SendError`. When `signal` aborts it gives up at once.
   */
  send(batch: Batches[S], signal: AbortSignal): Promise<PartialSuccess | undefined>;
}

/** A success that left some items out for good. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

export type Senders = { readonly [S in Signal]?: Sender<S> };
