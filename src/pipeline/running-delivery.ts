import type { Delivery, Origin, Outcome, Peer } from "../component/delivery.ts";
import type { Counter } from "../component/meter.ts";
import type { Refusal } from "../component/refusal.ts";
import type { Cell, StateScope, Transaction, ValueScope } from "../component/store.ts";
import { type Batches, itemCount, type Signal } from "../model/signal.ts";
import type { StagingLog } from "./staging-log.ts";

/** A position that no entry has. */
const NOWHERE = Number.POSITIVE_INFINITY;

/**
 * One delivery between its admission and its outcome.
 *
 * `place` and `until` say what it may have to do with others: it staged nothing before `place`, and it saw or made
 * everything before `until`. A delivery that staged nothing has both where its run ended, for it may have read what
 * others staged (a repeat that it dropped) and must not be answered before those are kept.
 */
export class RunningDelivery implements Delivery, Transaction {
  readonly receivedAt: number;
  readonly peer: Peer;
  readonly signal: AbortSignal;
  readonly bytes: number;
  readonly #number: number;
  readonly #log: StagingLog;
  /** What to count at the end; triples of the counter if taken, the counter if not, and how much. */
  readonly #counts: (Counter | number | undefined)[] = [];

  /** The batch that was counted last, and how many items it holds. */
  #counted: object | undefined;
  #items = 0;

  phase: "running" | "ran" | "settled" = "running";
  place = NOWHERE;
  until = 0;
  /** Set while it still runs, when what it built on was taken back: whatever its run says, it is refused. */
  doom: Refusal | undefined;
  /** Set when it is settled. */
  outcome: Outcome | undefined;
  /** Hears the outcome, where somebody waits for it. */
  listener: ((outcome: Outcome) => void) | undefined;

  constructor(number: number, receivedAt: number, origin: Origin, log: StagingLog) {
    this.#number = number;
    this.receivedAt = receivedAt;
    this.peer = origin.peer;
    this.signal = origin.signal;
    this.bytes = origin.upperBound.bytes;
    this.#log = log;
  }

  get id(): string {
    return this.#number.toString(36);
  }

  get transaction(): Transaction {
    return this;
  }

  onCommitted(effect: () => void): void {
    this.#take();
    this.#log.push({ type: "effect", run: effect });
    this.until = this.#log.end;
  }

  onRolledBack(undo: () => void): void {
    this.#take();
    this.#log.push({ type: "undo", run: undo });
    this.until = this.#log.end;
  }

  change<T>(scope: StateScope<T>, cell: Cell<T>, state: T): void {
    this.#stage(scope as StateScope<unknown>, cell.key, state, cell as Cell<unknown>);
    cell.state = state;
  }

  put<T>(scope: ValueScope<T>, key: string, value: T): void {
    this.#stage(scope as ValueScope<unknown>, key, value);
  }

  delete<T>(scope: ValueScope<T>, key: string): void {
    this.#stage(scope as ValueScope<unknown>, key, undefined);
  }

  /** How many items a batch holds. All who stand in a row ask, and nearly always for the same batch as the one before. */
  itemCount<S extends Signal>(signal: S, batch: Batches[S]): number {
    if (batch !== this.#counted) {
      this.#counted = batch;
      this.#items = itemCount(signal, batch);
    }
    return this.#items;
  }

  /** Counts items at the end, by the outcome. Not staged: it changes nothing that a delivery could build on. */
  count(taken: Counter, refused: Counter | undefined, items: number): void {
    this.#counts.push(taken, refused, items);
  }

  /** Its run is over: from here on it stages nothing. */
  ran(): void {
    this.phase = "ran";
    this.until = this.#log.end;
    if (this.place === NOWHERE) this.place = this.until;
  }

  /** Its entries were taken back while its run goes on: what it stages from here on stands by itself. */
  restart(doom: Refusal): void {
    this.doom = doom;
    this.place = NOWHERE;
    this.until = 0;
  }

  settle(outcome: Outcome): void {
    this.phase = "settled";
    this.outcome = outcome;
    for (let at = outcome.taken ? 0 : 1; at < this.#counts.length; at += 3) {
      const counter = this.#counts[at] as Counter | undefined;
      if (counter !== undefined) counter.value += this.#counts[at + (outcome.taken ? 2 : 1)] as number;
    }
    this.listener?.(outcome);
  }

  #stage(scope: ValueScope<unknown>, key: string, value: unknown, cell?: Cell<unknown>): void {
    this.#take();
    this.#log.push({ type: "change", scope, key, value, cell, before: cell?.state });
    this.until = this.#log.end;
  }

  #take(): void {
    if (this.phase !== "running") throw new Error(`BUG: delivery ${this.id} was changed after its run had ended`);
    if (this.place === NOWHERE) this.place = this.#log.end;
  }
}
