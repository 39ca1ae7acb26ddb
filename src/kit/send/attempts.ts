import type { Deps } from "../../component/component.ts";
import { DeadlineError, orAborted, deadline as startDeadline } from "../../lib/abort.ts";
import { sleep } from "../../lib/clock.ts";
import { type Batches, itemCount, type Signal } from "../../model/signal.ts";
import { Backoff } from "./backoff.ts";
import { BATCH_PARTS, type BatchParts } from "./batch-parts.ts";
import type { CircuitBreaker } from "./circuit-breaker.ts";
import type { SendConfig } from "./config.ts";
import type { DeadLetter, DeadLetters } from "./dead-letters.ts";
import type { Outage } from "./outage.ts";
import { SendError } from "./send-error.ts";
import type { SendHealth } from "./send-health.ts";
import type { PartialSuccess, Sender } from "./sender.ts";
import type { SendTelemetry } from "./telemetry.ts";

export interface AttemptsOptions<S extends Signal> {
  readonly signal: S;
  readonly sender: Sender<S>;
  readonly config: SendConfig;
  readonly deps: Pick<Deps, "clock" | "random" | "log">;
  readonly breaker: CircuitBreaker;
  readonly health: SendHealth;
  readonly outage: Outage;
  readonly telemetry: SendTelemetry;
  readonly deadLetters: DeadLetters | undefined;
  /** What is not sent now will be after the next start: so it is left where it is, not given up. */
  readonly durable: boolean;
}

/** Tries to send a request until it is through, refused for good, or given up. */
export class Attempts<S extends Signal> {
  readonly #options: AttemptsOptions<S>;
  readonly #stopping = new AbortController();
  readonly #ending = new AbortController();

  constructor(options: AttemptsOptions<S>) {
    this.#options = options;
  }

  /** Aborts at `end`. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** From here on nothing waits: what is under way ends, and what comes is tried once. */
  stop(): void {
    this.#stopping.abort(new Error("the exporter is stopping"));
  }

  /** From here on nothing is under way. */
  end(): void {
    this.stop();
    this.#ending.abort(new Error("the exporter has stopped"));
  }

  /** `off`: sent, or given up and counted. `later`: it was broken off, and what is stored stays. Never rejects. */
  async send(batch: Batches[S]): Promise<"off" | "later"> {
    const { config, deps, durable, breaker, outage } = this.#options;
    const retry = config.retry_on_failure;
    const backoff = new Backoff(retry, deps.random);
    const began = deps.clock.monotonic();
    for (;;) {
      if (this.#ending.signal.aborted) return this.#broken(batch, durable);
      if (!breaker.tryBegin()) {
        if (this.#stopping.signal.aborted) return this.#broken(batch, durable);
        await breaker.next(this.#stopping.signal).catch(() => {}); // Asked again, and answered above.
        continue;
      }
      const error = await this.#attempt(batch);
      if (error === undefined) return "off";
      if (error.kind === "permanent") return this.#refused(batch, error);
      if (this.#stopping.signal.aborted) return this.#broken(batch, durable);
      if (!retry.enabled) return this.#giveUp(batch, "retry_disabled", error.message);
      const waitMs = backoff.next(error.retryAfterMs);
      const elapsedMs = deps.clock.monotonic() - began + waitMs;
      if (retry.max_elapsed_time > 0 && elapsedMs > retry.max_elapsed_time) {
        return this.#giveUp(batch, "max_elapsed_time", `no more retries left: ${error.message}`);
      }
      outage.failed(error, waitMs);
      await sleep(deps.clock, waitMs, this.#stopping.signal).catch(() => {}); // Then it is tried once more at the most.
    }
  }

  /** What is too large at once is sent in halves, and these again, until a single item is too large. */
  async #refused(batch: Batches[S], error: SendError): Promise<"off" | "later"> {
    const { signal, deps } = this.#options;
    const items = itemCount(signal, batch);
    const halves = error.isTooLarge ? (BATCH_PARTS[signal] as BatchParts<S>).cut(batch, Math.ceil(items / 2)) : [];
    if (halves.length < 2) return this.#giveUp(batch, error.reason, error.message);
    deps.log
      .limited("too_large")
      .warn(
        "a request was too large for the backend, and is sent in parts: sending_queue.batch.max_size would spare that",
        {
          items,
          reason: error.message,
        },
      );
    for (const half of halves) if ((await this.send(half)) === "later") return "later";
    return "off";
  }

  async #attempt(batch: Batches[S]): Promise<SendError | undefined> {
    const { sender, config, deps, breaker, health, outage, telemetry } = this.#options;
    const limit =
      config.timeout > 0 ? startDeadline(deps.clock, config.timeout, "the attempt", this.#ending.signal) : undefined;
    try {
      const signal = limit?.signal ?? this.#ending.signal;
      // It gives up by itself, but for what it cannot break off (compression, an extension that is asked for credentials).
      const partial = await orAborted(sender.send(batch, signal), signal);
      breaker.succeeded();
      health.succeeded();
      outage.answered();
      this.#sent(batch, partial);
      return undefined;
    } catch (thrown) {
      const late = limit?.signal.reason;
      const error = late instanceof DeadlineError ? timedOut(late, config.timeout) : SendError.from(thrown);
      telemetry.attempted(error.kind);
      if (error.kind === "permanent") {
        // A backend that refuses what is wrong with the data is well.
        breaker.succeeded();
        outage.answered();
      } else if (this.#ending.signal.aborted) breaker.gaveUp();
      else breaker.failed();
      if (!this.#ending.signal.aborted) health.failed(error);
      return error;
    } finally {
      limit?.cancel();
    }
  }

  #sent(batch: Batches[S], partial: PartialSuccess | undefined): void {
    const { signal, telemetry, deps } = this.#options;
    const items = itemCount(signal, batch);
    const rejected = Math.max(0, Math.min(partial?.rejected ?? 0, items));
    telemetry.attempted(rejected > 0 ? "partial" : "success");
    telemetry.sent.value += items - rejected;
    if (partial === undefined) return;
    const log = deps.log.limited("partial_success");
    if (rejected > 0) {
      telemetry.dropped("partial_success", rejected);
      log.warn("the backend took a part only, the rest is dropped", { items, rejected, reason: partial.message });
    } else log.warn("the backend took everything, with a warning", { items, warning: partial.message });
  }

  #broken(batch: Batches[S], durable: boolean): "off" | "later" | Promise<"off" | "later"> {
    return durable ? "later" : this.#giveUp(batch, "shutdown", "the exporter stopped before it was sent");
  }

  async #giveUp(batch: Batches[S], reason: string, message: string): Promise<"off" | "later"> {
    const { signal, telemetry, deps, deadLetters, durable } = this.#options;
    const items = itemCount(signal, batch);
    const kept = deadLetters !== undefined && (await this.#kept({ signal, batch, reason, message }, deadLetters));
    // It is refused again after the next start, and kept then.
    if (!kept && deadLetters !== undefined && durable && this.#stopping.signal.aborted) return "later";
    telemetry.dropped(reason, items);
    if (deadLetters !== undefined) telemetry.deadLetters(kept ? "kept" : "lost", items);
    const fate = kept ? "it is with the dead letters" : "it is dropped";
    deps.log.limited(`gave_up_${reason}`).error(`data was given up, ${fate}`, { items, reason, message });
    return "off";
  }

  #kept(letter: DeadLetter<S>, deadLetters: DeadLetters): Promise<boolean> {
    return orAborted(deadLetters.add(letter, this.#stopping.signal), this.#ending.signal).catch(() => false);
  }
}

function timedOut(cause: DeadlineError, timeoutMs: number): SendError {
  return new SendError("retryable", "timeout", `no answer within ${timeoutMs} ms`, { cause });
}
