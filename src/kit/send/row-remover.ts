import type { Deps } from "../../component/component.ts";
import type { Delivery } from "../../component/delivery.ts";
import { NEVER, orAborted } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";

/** Rows are taken away together: a commit of its own for each would wait for the disk each time. */
const COLLECT_MS = 20;
const AGAIN_MS = 1000;

/** Takes rows away that are not needed any more. A kill in between leaves them, and they are sent again. */
export class RowRemover {
  readonly #deps: Pick<Deps, "clock" | "deliver">;
  readonly #delete: (delivery: Delivery, key: string) => void;
  #keys: string[] = [];
  #timer: Cancel | undefined;
  #removing: Promise<void> | undefined;
  #hasStopped = false;

  constructor(deps: Pick<Deps, "clock" | "deliver">, remove: (delivery: Delivery, key: string) => void) {
    this.#deps = deps;
    this.#delete = remove;
  }

  remove(key: string): void {
    this.#keys.push(key);
    if (this.#removing === undefined) this.#beginAfter(COLLECT_MS);
  }

  /** Removes what is left, once; at the deadline the rest stays. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#hasStopped = true;
    this.#timer?.();
    try {
      if (this.#removing !== undefined) await orAborted(this.#removing, deadline);
      if (this.#keys.length > 0) await orAborted(this.#removeAll(deadline), deadline);
    } catch {
      // The deadline is over: these rows are sent again.
    }
  }

  #beginAfter(ms: number): void {
    if (!this.#hasStopped) this.#timer ??= this.#deps.clock.after(ms, () => this.#begin());
  }

  #begin(): void {
    this.#timer = undefined;
    this.#removing = this.#removeAll(NEVER).finally(() => {
      this.#removing = undefined;
    });
  }

  async #removeAll(signal: AbortSignal): Promise<void> {
    const keys = this.#keys;
    this.#keys = [];
    const outcome = await this.#deps.deliver(
      { peer: { address: "sending queue", transport: "internal" }, upperBound: { items: 0, bytes: 0 }, signal },
      (delivery) => {
        for (const key of keys) this.#delete(delivery, key);
      },
    );
    if (!outcome.taken) this.#keys = keys.concat(this.#keys);
    if (this.#keys.length > 0) this.#beginAfter(outcome.taken ? COLLECT_MS : AGAIN_MS);
  }
}
