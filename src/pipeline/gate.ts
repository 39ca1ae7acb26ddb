import type { Refusal } from "../component/refusal.ts";
import { orAborted } from "../lib/abort.ts";

/**
 * Where one component's deliveries begin. Closed, it holds them back, so that a reload can change what is behind them
 * while nothing is under way; none of them is refused for that.
 */
export class Gate {
  #opening: PromiseWithResolvers<void> | undefined;
  #under = 0;
  #onIdle: (() => void)[] = [];

  /** Resolves when it opens, or rejects with a `Refusal` when it never will; undefined while it is open. */
  get opened(): Promise<void> | undefined {
    return this.#opening?.promise;
  }

  close(): void {
    this.#opening ??= Promise.withResolvers<void>();
  }

  open(): void {
    this.#opening?.resolve();
    this.#opening = undefined;
  }

  /** Refuses what is held back, and whatever comes. */
  shut(refusal: Refusal): void {
    this.close();
    this.#opening!.promise.catch(() => {}); // There may be nobody who waits.
    this.#opening!.reject(refusal);
  }

  /** Something that began here waits. */
  began(): void {
    this.#under++;
  }

  ended(): void {
    this.#under--;
    if (this.#under > 0 || this.#onIdle.length === 0) return;
    for (const idle of this.#onIdle.splice(0)) idle();
  }

  /** Resolves when nothing that began here is under way; rejects with the deadline's reason when that aborts first. */
  async drained(deadline: AbortSignal): Promise<void> {
    while (this.#under > 0) await orAborted(new Promise<void>((idle) => this.#onIdle.push(idle)), deadline);
  }
}
