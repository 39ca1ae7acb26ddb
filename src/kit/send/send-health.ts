import type { Health } from "../../component/status.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Signal } from "../../model/signal.ts";
import type { BreakerState } from "./circuit-breaker.ts";
import type { SendConfig } from "./config.ts";
import type { SendError } from "./send-error.ts";

/** Attempts that are repeated for longer than this come to nothing, even where the breaker does not say so. */
const FAILING_MS = 30_000;
/** A queue that is fuller than this is worth a look. */
const CROWDED_SHARE = 0.8;

export interface SendHealthOptions {
  readonly config: SendConfig;
  readonly clock: Clock;
  readonly breaker: () => BreakerState;
}

/** A chain's queue, in the unit of its sizer. */
export interface Filling {
  readonly signal: Signal;
  readonly size: number;
}

/** Whether an exporter brings what it is handed to its backend: told by the attempts of all its signals together. */
export class SendHealth {
  readonly #options: SendHealthOptions;
  /** What went wrong since the last success. */
  #failing: { readonly since: number; error: SendError; refusals: number } | undefined;

  constructor(options: SendHealthOptions) {
    this.#options = options;
  }

  succeeded(): void {
    this.#failing = undefined;
  }

  failed(error: SendError): void {
    this.#failing ??= { since: this.#options.clock.monotonic(), error, refusals: 0 };
    this.#failing.error = error;
    this.#failing.refusals = error.kind === "permanent" ? this.#failing.refusals + 1 : 0;
  }

  health(queues: readonly Filling[]): Health {
    const backend = this.#backend();
    return this.#full(queues, backend) ?? backend ?? this.#crowded(queues) ?? { status: "ok" };
  }

  #backend(): Health | undefined {
    if (this.#failing === undefined) return undefined;
    const { since, error, refusals } = this.#failing;
    if (error.kind === "permanent") {
      // One batch may be bad; when one after the other is refused it is not the data.
      const isRule = refusals >= this.#options.config.circuit_breaker.failure_threshold;
      const message = `the backend refuses for good what it is sent: ${error.message}`;
      return { status: isRule ? "failed" : "degraded", message };
    }
    const ms = this.#options.clock.monotonic() - since;
    const isFailed = ms >= FAILING_MS || this.#options.breaker() !== "closed";
    const message = `nothing could be delivered for ${Math.round(ms / 1000)} s: ${error.message}`;
    return { status: isFailed ? "failed" : "degraded", message };
  }

  #full(queues: readonly Filling[], backend: Health | undefined): Health | undefined {
    const { enabled, queue_size: capacity, on_overflow, block_on_overflow } = this.#options.config.sending_queue;
    const full = queues.find(({ size }) => size >= capacity);
    // Without a queue it is full whenever so much is being sent.
    if (full === undefined || (!enabled && backend === undefined)) return undefined;
    const drops = on_overflow === "drop_oldest";
    const consequence = drops
      ? "the oldest is dropped"
      : block_on_overflow
        ? "what comes waits"
        : "what comes is refused";
    const message = `the ${full.signal} queue is full (${this.#filling(full)}): ${consequence}`;
    return {
      status: "failed",
      refuses: !drops,
      message: backend?.message === undefined ? message : `${message}; ${backend.message}`,
    };
  }

  #crowded(queues: readonly Filling[]): Health | undefined {
    const { enabled, queue_size: capacity } = this.#options.config.sending_queue;
    const crowded = queues.find(({ size }) => size >= capacity * CROWDED_SHARE);
    if (crowded === undefined || !enabled) return undefined;
    return { status: "degraded", message: `the ${crowded.signal} queue is nearly full (${this.#filling(crowded)})` };
  }

  #filling({ size }: Filling): string {
    const { queue_size: capacity, sizer } = this.#options.config.sending_queue;
    return `${size} of ${capacity} ${sizer}`;
  }
}
