import type { Batches, Signal } from "../../model/signal.ts";

/** Where goes what a backend refused for good. */
export interface DeadLetters {
  /** Resolves to whether it was kept. Never rejects. */
  add<S extends Signal>(letter: DeadLetter<S>): Promise<boolean>;
}

export interface DeadLetter<S extends Signal> {
  readonly signal: S;
  readonly batch: Batches[S];
  readonly reason: string;
  readonly message: string;
}
