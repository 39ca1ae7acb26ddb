import type { Cancel, Clock } from "../../lib/clock.ts";
import type { BreakerConfig } from "./config.ts";

export type BreakerState = "closed" | "open" | "half_open";

/**
 * Leaves a backend alone that fails again and again: after `failure_threshold` failures in a row it opens, and nothing is
 * tried for `open_for`; then it is half-open, and a few requests probe. One success closes it, one failure opens it again.
 */
export class CircuitBreaker {
  readonly #config: BreakerConfig;
  readonly #clock: Clock;
  readonly #changed: (state: BreakerState) => void;
  #state: BreakerState = "closed";
  #failures = 0;
  #probes = 0;
  #cancel: Cancel | undefined;
  #waiting: (() => void)[] = [];

  constructor(config: BreakerConfig, clock: Clock, changed: (state: BreakerState) => void) {
    this.#config = config;
    this.#clock = clock;
    this.#changed = changed;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Takes the leave to try once; what was tried ends with `succeeded`, `failed` or `gaveUp`. False: wait for `next`. */
  tryBegin(): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "open" || this.#probes >= this.#config.half_open_requests) return false;
    this.#probes++;
    return true;
  }

  /** Resolves when it is worth asking again; rejects with the signal's reason. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const onAbort = () => {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== wake);
        reject(signal.reason);
      };
      const wake = () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(wake);
    });
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.#state !== "closed") this.#enter("closed");
  }

  failed(): void {
    this.#failures++;
    if (this.#state === "half_open") this.#enter("open");
    else if (this.#state === "closed" && this.#config.enabled && this.#failures >= this.#config.failure_threshold) {
      this.#enter("open");
    }
  }

  /** The attempt was broken off from our side: it says nothing of the backend. */
  gaveUp(): void {
    if (this.#state !== "half_open") return;
    this.#probes--;
    this.#wake();
  }

  dispose(): void {
    this.#cancel?.();
  }

  #enter(state: BreakerState): void {
    this.#cancel?.();
    this.#state = state;
    this.#probes = 0;
    if (state === "open") this.#cancel = this.#clock.after(this.#config.open_for, () => this.#enter("half_open"));
    else this.#wake();
    this.#changed(state);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
