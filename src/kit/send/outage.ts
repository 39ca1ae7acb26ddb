import type { Deps } from "../../component/component.ts";
import type { SendError } from "./send-error.ts";

/** How long an outage has lasted when it is told again; after the last one that time again and again. */
const REMINDERS_MS = [60_000, 600_000, 3_600_000] as const;

/**
 * What an operator reads of a backend that is away: a line for each kind of failure, one now and then while it stays
 * away, and one when it is back; not one for every attempt.
 */
export class Outage {
  readonly #deps: Pick<Deps, "clock" | "log">;
  #sinceMs: number | undefined;
  #attempts = 0;
  /** Which kinds of failure have been told: two that take turns are no news. */
  readonly #told = new Set<string>();
  #reminders = 0;
  #nextReminderMs = 0;
  #isBreakerTold = false;

  constructor(deps: Pick<Deps, "clock" | "log">) {
    this.#deps = deps;
  }

  failed({ reason, message }: SendError, waitMs: number): void {
    const { clock, log } = this.#deps;
    const nowMs = clock.monotonic();
    this.#attempts++;
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#reminders = 0;
      this.#nextReminderMs = REMINDERS_MS[0];
    } else if (nowMs - this.#sinceMs >= this.#nextReminderMs) {
      this.#reminders++;
      this.#nextReminderMs = REMINDERS_MS[this.#reminders] ?? this.#nextReminderMs + REMINDERS_MS[2];
      log.warn("sending still fails", { reason: message, ...this.#extent(nowMs) });
    }
    if (this.#told.has(reason)) return;
    this.#told.add(reason);
    const fields = { reason: message, waitMs: Math.round(waitMs) };
    log.limited("send_failed").warn("sending failed, and will be tried again", fields);
  }

  /** Told once: it opens again after every probe that fails. */
  breakerOpened(openForMs: number): void {
    if (this.#isBreakerTold) return;
    this.#isBreakerTold = true;
    const message = "the circuit breaker is open: one attempt at a time finds out whether the backend is back";
    this.#deps.log.warn(message, { everyMs: openForMs });
  }

  /** The backend answered: it took what it was sent, or refused it for good. */
  answered(): void {
    this.#isBreakerTold = false;
    if (this.#sinceMs === undefined) return;
    const { clock, log } = this.#deps;
    log.limited("send_works").info("the backend answers again", this.#extent(clock.monotonic()));
    this.#sinceMs = undefined;
    this.#attempts = 0;
    this.#told.clear();
  }

  #extent(nowMs: number): { seconds: number; failed_attempts: number } {
    return { seconds: Math.round((nowMs - this.#sinceMs!) / 1000), failed_attempts: this.#attempts };
  }
}
