import { type ReportOptions, report, type Stats } from "../support/gost-streams.ts";
import type { ProcessorRig } from "../support/processor-rig.ts";

/** What can happen to a source with several emitters, in the order that a test chose. */
export type Step =
  | { readonly type: "opened" | "closed"; readonly emitter: number; readonly client: number }
  | { readonly type: "moved"; readonly emitter: number; readonly client: number; readonly bytes: number }
  /** A period passes, and these emitters report, in this order; the others had no luck: their reports come later. */
  | { readonly type: "tick"; readonly emitters: readonly number[] }
  | { readonly type: "reloaded" | "killed" };

interface Counters {
  conns: number;
  active: number;
  bytes: number;
  changed: boolean;
}

interface Emitter {
  readonly clients: Counters[];
  /** What its last taken report said of each client. */
  readonly reported: { conns: number; bytes: number }[];
}

const CLIENTS = ["alice", "bob"];
const PERIOD_MS = 5000;
const TICK_MS = 3;

/**
 * Emitters under one name. It knows which report is whose, so the truth is plain: the last values of every emitter that
 * ever was. It shares no rule with the processor.
 */
export class SeveralEmitters {
  readonly #mode: "delta" | "cumulative";
  readonly #rig: ProcessorRig;
  readonly #told: ReportOptions;
  readonly #perInstance: number;
  /** All that may still report: those of the present instance last. */
  #alive: Emitter[] = [];
  readonly #all: Emitter[] = [];
  readonly #added = new Map<string, number>();

  constructor(
    mode: "delta" | "cumulative",
    options: { rig: ProcessorRig; emitters: number; told: boolean; accepts?: boolean },
  ) {
    this.#mode = mode;
    this.#rig = options.rig;
    this.#perInstance = options.emitters;
    const { emitters, accepts = false } = options;
    this.#told = { emitters, accepts, ...(options.told ? { told: mode } : {}) };
    this.#begin();
  }

  step(step: Step): void {
    const { clock } = this.#rig;
    switch (step.type) {
      case "opened":
        this.#change(step, (counters) => {
          counters.conns++;
          counters.active++;
        });
        return;
      case "closed":
        this.#change(step, (counters) => {
          if (counters.active > 0) counters.active--;
        });
        return;
      case "moved":
        this.#change(step, (counters) => {
          if (counters.active > 0) counters.bytes += step.bytes;
        });
        return;
      case "tick":
        clock.advance(PERIOD_MS);
        for (const index of step.emitters) {
          const emitter = this.#alive[index % this.#alive.length]!;
          clock.advance(TICK_MS);
          this.#report(emitter);
        }
        return;
      case "reloaded":
        // What an open connection began after the last report is told before the reload: else nothing says it is there.
        this.finish();
        this.#tell("began", "closed");
        this.#alive = this.#alive.filter(({ clients }) => clients.some(({ active }) => active > 0));
        this.#begin();
        return;
      case "killed":
        this.#tell("began");
        this.#alive = [];
        this.#begin();
    }
  }

  /** Everyone reports. */
  finish(): void {
    this.#rig.clock.advance(PERIOD_MS);
    for (const emitter of this.#alive) {
      this.#rig.clock.advance(TICK_MS);
      this.#report(emitter);
    }
  }

  truth(client: string): { readonly conns: number; readonly received: number } {
    const index = CLIENTS.indexOf(client);
    const sum = (part: "conns" | "bytes") =>
      this.#all.reduce((total, { reported }) => total + reported[index]![part], 0);
    return { conns: sum("conns"), received: this.#mode === "delta" ? (this.#added.get(client) ?? 0) : sum("bytes") };
  }

  #begin(): void {
    for (let count = 0; count < this.#perInstance; count++) {
      const emitter: Emitter = {
        clients: CLIENTS.map(() => ({ conns: 0, active: 0, bytes: 0, changed: false })),
        reported: CLIENTS.map(() => ({ conns: 0, bytes: 0 })),
      };
      this.#alive.push(emitter);
      this.#all.push(emitter);
    }
  }

  /** Connections come to the present instance only; those of older ones move on until they close. */
  #change(
    step: { readonly type: string; readonly emitter: number; readonly client: number },
    change: (counters: Counters) => void,
  ) {
    const from = step.type === "opened" ? this.#alive.length - this.#perInstance : 0;
    const emitter = this.#alive[from + (step.emitter % (this.#alive.length - from))]!;
    const counters = emitter.clients[step.client]!;
    const before = JSON.stringify(counters);
    change(counters);
    if (JSON.stringify(counters) !== before) counters.changed = true;
  }

  #report({ clients, reported }: Emitter): void {
    const stats: Record<string, Stats> = {};
    for (const [index, client] of CLIENTS.entries()) {
      const counters = clients[index]!;
      if (!counters.changed) continue;
      counters.changed = false;
      stats[client] = [counters.conns, counters.active, counters.bytes, 0, 0];
      reported[index] = { conns: counters.conns, bytes: counters.bytes };
      if (this.#mode === "cumulative") continue;
      this.#added.set(client, (this.#added.get(client) ?? 0) + counters.bytes);
      counters.bytes = 0;
    }
    if (Object.keys(stats).length === 0) return;
    this.#rig.send(report(this.#rig.table, this.#rig.clock.now(), stats, this.#told));
  }

  #tell(...types: readonly ("began" | "closed")[]): void {
    const { clock, table } = this.#rig;
    clock.advance(2500);
    const at = clock.now();
    this.#rig.send(report(table, at, {}, { ...this.#told, life: types.map((type) => ({ type, at })) }));
  }
}
