import type { Batches, Signal } from "../../model/signal.ts";

/** Where goes what a backend refused for good. */
export interface DeadLetters {
  /** Resolves to whether it was kept. Never rejects. When `signal` aborts it waits for nothing more. */
  add<S extends Signal>(letter: DeadLetter<S>, signal: AbortSignal): Promise<boolean>;
}

export interface DeadLetter<S extends Signal> {
  readonly signal: S;
  readonly batch: Batches[S];
  readonly reason: string;
  readonly message: string;
}
