import type { Cancel } from "../lib/clock.ts";
import { Booking, type Ledger } from "./books.ts";
import type { GostEvent, Stats } from "./report.ts";
import type { ServiceConfig, ServiceDeps } from "./service-config.ts";

/** What an emitter read from its counters: the events to be sent, and whose they are. */
export interface Sample {
  readonly events: readonly GostEvent[];
  readonly entries: readonly { readonly ledger: Ledger; readonly stats: Stats }[];
}

export interface EmitterRules {
  /** What follows in the tick in which a failed report at last succeeds: nothing more, or a fresh report at once. */
  readonly afterRetry: "wait" | "report";
  /** Whether `sample` would find something. */
  readonly hasNews: () => boolean;
  /** Reads the counters; undefined where nothing changed. */
  readonly sample: () => Sample | undefined;
}

const PERIOD_MIN_MS = 1000;

/** Ticks do not drift, but those of the emitters of one instance come some milliseconds apart. */
const JITTER_MS = 5;

/**
 * The part of GOST that holds one set of counters and reports it at each tick. There is one for a service, and one for
 * each handler in it. A report that failed is kept, and sent again unchanged before anything new is read.
 */
export class Emitter {
  readonly #config: ServiceConfig;
  readonly #deps: ServiceDeps;
  readonly #rules: EmitterRules;
  readonly #startMs: number;
  #ticks = 0;
  #cancelTick: Cancel = () => {};
  #unconfirmed: { readonly events: readonly GostEvent[]; readonly booking: Booking } | undefined;
  #working = false;
  /** One tick that comes during a call waits, as in the channel of a Go ticker; further ones are dropped. */
  #tickWaits = false;
  #stopped = false;

  /** Ticks for the first time one period from now. */
  constructor(config: ServiceConfig, deps: ServiceDeps, rules: EmitterRules) {
    this.#config = config;
    this.#deps = deps;
    this.#rules = rules;
    this.#startMs = deps.clock.monotonic();
    this.#scheduleTick();
  }

  /** Whether everything was delivered; what it can no longer deliver does not count. */
  get settled(): boolean {
    return this.#stopped || (this.#unconfirmed === undefined && !this.#rules.hasNews());
  }

  /** No call begins after this; one that is on its way is not taken back. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTick();
  }

  #scheduleTick(): void {
    const { clock, random } = this.#deps;
    const periodMs = Math.max(PERIOD_MIN_MS, this.#config.periodMs);
    this.#ticks++;
    const dueMs = this.#startMs + this.#ticks * periodMs + random.float() * JITTER_MS;
    this.#cancelTick = clock.after(Math.max(0, dueMs - clock.monotonic()), () => {
      this.#scheduleTick();
      this.#tickWaits = true;
      if (!this.#working) void this.#work(); // Sending never rejects.
    });
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (this.#tickWaits && !this.#stopped) {
      this.#tickWaits = false;
      await this.#tick();
    }
    this.#working = false;
  }

  async #tick(): Promise<void> {
    if (this.#unconfirmed !== undefined) {
      const succeeded = await this.#send();
      if (!succeeded || this.#stopped || this.#rules.afterRetry === "wait") return;
    }
    const sample = this.#rules.sample();
    if (sample === undefined) return;
    const booking = new Booking(sample.entries, this.#config.resetTraffic);
    this.#unconfirmed = { events: sample.events, booking };
    await this.#send();
  }

  /** Sends what is unconfirmed. */
  async #send(): Promise<boolean> {
    const { events, booking } = this.#unconfirmed!;
    const result = await this.#deps.send(events, booking);
    if (result === "success" || result === "lost") booking.taken(this.#deps.clock.monotonic());
    const succeeded = result === "success" || result === "unsent";
    if (succeeded) this.#unconfirmed = undefined;
    return succeeded;
  }
}
