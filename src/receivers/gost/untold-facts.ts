import type { MetricsBatch } from "../../model/points.ts";
import type { Source } from "../../model/series.ts";
import { type LifeEvent, settledReceipt } from "../../model/source-facts.ts";

/** Begins a delivery of its own; says whether it was taken. A promise of it does not reject. */
export type Tell = (batches: readonly MetricsBatch[]) => boolean | Promise<boolean>;

/** Tells, and says how that ended; at once where nothing had to wait. */
export function tellThen(tell: Tell, batches: readonly MetricsBatch[], then: (taken: boolean) => void): void {
  const taken = tell(batches);
  if (typeof taken === "boolean") then(taken);
  else void taken.then(then);
}

/** The same event of the life of each of these sources; `at` is in milliseconds since the epoch. */
export function lifeBatches(sources: Iterable<Source>, type: LifeEvent["type"], at: number): MetricsBatch[] {
  const receipt = settledReceipt("unknown");
  const life = [{ type, at }];
  return Array.from(sources, (source) => ({ rows: [], points: [], source: { source, receipt, life } }));
}

/** So many refused facts are kept. */
const UNTOLD_MAX = 1_000;

/** Facts that nobody reports a second time: what is refused is told again, until it is taken. */
export class UntoldFacts {
  readonly #tell: Tell;
  #untold: (readonly MetricsBatch[])[] = [];
  #stopped = false;

  constructor(tell: Tell) {
    this.#tell = tell;
  }

  tell(batches: readonly MetricsBatch[]): void {
    tellThen(this.#tell, batches, (taken) => {
      if (!taken && !this.#stopped && this.#untold.length < UNTOLD_MAX) this.#untold.push(batches);
    });
  }

  tellAgain(): void {
    const untold = this.#untold;
    this.#untold = [];
    for (const batches of untold) this.tell(batches);
  }

  stop(): void {
    this.#stopped = true;
    this.#untold = [];
  }
}
