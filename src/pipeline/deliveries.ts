import type { Consumer, Crowded, Deliver, Delivery, Load, Origin, Outcome } from "../component/delivery.ts";
import type { Log } from "../component/log.ts";
import type { Counter, Meter } from "../component/meter.ts";
import { Refusal } from "../component/refusal.ts";
import type { StoreBackend } from "../component/store.ts";
import type { MemoryLimit } from "../kit/memory-limit.ts";
import { orAborted } from "../lib/abort.ts";
import type { Clock } from "../lib/clock.ts";
import type { Signal } from "../model/signal.ts";
import { ADMISSION_LIMITS, Admission, type AdmissionLimits } from "./admission.ts";
import { type CommitResult, Committer } from "./committer.ts";
import { Gate } from "./gate.ts";
import { BUGS, DELIVERIES } from "./metrics.ts";
import { RunningDelivery } from "./running-delivery.ts";
import { type Entry, StagingLog } from "./staging-log.ts";

export interface DeliveryLimits extends AdmissionLimits {
  /** After this a commit counts as unknown. Well below GOST's own patience of 5 s. */
  readonly commitTimeoutMs: number;
}

const COMMIT_TIMEOUT_MS = 3000;

export interface DeliveriesOptions {
  readonly backend: Pick<StoreBackend, "commit" | "gather">;
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  readonly limits?: Partial<DeliveryLimits>;
  /** Absent: memory is not looked at. */
  readonly memory?: MemoryLimit | undefined;
}

/**
 * Takes deliveries through admission, run, commit and effects: the specification is docs/specs/delivery.md.
 *
 * Deliveries whose runs wait can overlap. Then one may have built on what another staged, so they are kept or refused
 * together: a commit takes the longest front part of the staging log that nothing behind it reaches into, and a failure
 * takes back everything from the failed delivery's first entry on, last first. Nothing here waits, and nothing is
 * allocated for waiting, where neither the run nor the store does.
 */
export class Deliveries {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #admission: Admission;
  readonly #staged = new StagingLog();
  /** Admitted and not settled, except those in the commit that is under way; in order of arrival. */
  #open: RunningDelivery[] = [];
  readonly #meter: Meter;
  readonly #committer: Committer;
  #pumping = false;
  #closed = false;
  #lastNumber = 0;
  #held = 0;
  #heldBytes = 0;
  #onIdle: (() => void)[] = [];

  constructor({ backend, clock, log, meter, limits = {}, memory }: DeliveriesOptions) {
    const { commitTimeoutMs: timeoutMs = COMMIT_TIMEOUT_MS, ...admission } = limits;
    this.#clock = clock;
    this.#log = log;
    this.#meter = meter;
    this.#admission = new Admission(meter, { ...ADMISSION_LIMITS, ...admission }, memory);
    const onAnsweredLate = (effects: readonly (() => void)[]) => {
      this.#show(effects);
      this.#pump();
    };
    this.#committer = new Committer({ backend, clock, log, meter, timeoutMs, onAnsweredLate });
  }

  /** Holds from the next delivery on. */
  limit(limits: Partial<AdmissionLimits>): void {
    this.#admission.limits = { ...this.#admission.limits, ...limits };
  }

  /** What one component begins its deliveries with; `reach` is everything that it sends to directly. */
  deliverer(reach: readonly Consumer<Signal>[], meter: Meter, gate = new Gate()): Deliver {
    // Most components begin no deliveries, so they have no such counter.
    let taken: Counter | undefined;
    const count = (outcome: Outcome): Outcome => {
      if (outcome.taken) {
        taken ??= meter.counter(DELIVERIES, { outcome: "taken" });
        taken.value++;
      } else countRefused(meter, outcome.refusal);
      return outcome;
    };
    const begin: Deliver = (origin, run) => {
      const refusal = this.#admit(origin, reach);
      if (refusal !== undefined) return count({ taken: false, refusal });
      const outcome = this.#begin(origin, run);
      if (!(outcome instanceof Promise)) return count(outcome);
      gate.began();
      return outcome.then((late) => {
        gate.ended();
        return count(late);
      });
    };
    return (origin, run) => {
      if (gate.opened === undefined) return begin(origin, run);
      return this.#hold(gate, origin).then((refusal) =>
        refusal === undefined ? begin(origin, run) : count({ taken: false, refusal }),
      );
    };
  }

  /** As `Deps.crowded` of one component; what it refuses is counted as if it had been delivered. */
  crowded(reach: readonly Consumer<Signal>[], meter: Meter): Crowded {
    return (bytes) => {
      const upperBound = { items: 0, bytes };
      const refusal = this.crowding(upperBound) ?? this.#refusalBy(reach, upperBound);
      if (refusal !== undefined) countRefused(meter, refusal);
      return refusal;
    };
  }

  /** Whether the store may lack something that components have in memory: then nobody may load from it. */
  get unsure(): boolean {
    return this.#committer.unsure;
  }

  /** Resolves when nothing is under way; rejects with the deadline's reason when it aborts first. */
  async drained(deadline: AbortSignal): Promise<void> {
    while (this.#admission.deliveries > 0)
      await orAborted(new Promise<void>((idle) => this.#onIdle.push(idle)), deadline);
  }

  /** From here on everything is refused. What is under way still ends. */
  close(): void {
    this.#closed = true;
  }

  /** Why so much would not be admitted just now, whoever is to take it. */
  crowding(upperBound: Load, irreplaceable = false): Refusal | undefined {
    if (this.#closed) return new Refusal("retryable", "shutting_down", "the agent is shutting down");
    if (this.#committer.state === "late") return new Refusal("retryable", "store_late", STORE_LATE);
    const waiting = { staged: this.#staged.size, stagedMax: this.#committer.entriesWanted };
    return this.#admission.refusal(upperBound, irreplaceable, waiting);
  }

  #admit(origin: Origin, reach: readonly Consumer<Signal>[]): Refusal | undefined {
    const irreplaceable = origin.irreplaceable === true;
    const upperBound = irreplaceable ? { ...origin.upperBound, irreplaceable } : origin.upperBound;
    return this.crowding(upperBound, irreplaceable) ?? this.#refusalBy(reach, upperBound);
  }

  #refusalBy(reach: readonly Consumer<Signal>[], upperBound: Load): Refusal | undefined {
    for (const consumer of reach) {
      try {
        const refusal = consumer.admit?.(upperBound);
        if (refusal !== undefined) return refusal;
      } catch (thrown) {
        return this.#refusalOf(thrown, "admit");
      }
    }
    return undefined;
  }

  /** What waits for a gate is bounded as what is under way is. */
  async #hold(gate: Gate, { upperBound: { bytes }, signal, irreplaceable }: Origin): Promise<Refusal | undefined> {
    const { deliveriesMax, bytesMax, reserve } = this.#admission.limits;
    const share = irreplaceable ? 1 : 1 - reserve;
    if (this.#held > 0 && (this.#held >= deliveriesMax * share || this.#heldBytes + bytes > bytesMax * share)) {
      return new Refusal("retryable", "too_many_deliveries", "too much waits for the end of a reload");
    }
    this.#held++;
    this.#heldBytes += bytes;
    try {
      for (let { opened } = gate; opened !== undefined; { opened } = gate) await orAborted(opened, signal);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof Refusal) return thrown;
      return new Refusal("retryable", "aborted", "nobody waits for it any more", { cause: thrown });
    } finally {
      this.#held--;
      this.#heldBytes -= bytes;
    }
  }

  #begin(origin: Origin, run: (delivery: Delivery) => void | Promise<void>): Outcome | Promise<Outcome> {
    const delivery = new RunningDelivery(++this.#lastNumber, this.#clock.now(), origin, this.#staged);
    this.#open.push(delivery);
    this.#admission.begin(delivery);
    this.#run(delivery, run);
    if (delivery.outcome !== undefined) return delivery.outcome;
    return new Promise((resolve) => {
      delivery.listener = resolve;
    });
  }

  #run(delivery: RunningDelivery, run: (delivery: Delivery) => void | Promise<void>): void {
    let running: void | Promise<void>;
    try {
      running = run(delivery);
    } catch (thrown) {
      this.#runFailed(delivery, this.#refusalOf(thrown, "run", delivery), false);
      return;
    }
    if (running instanceof Promise) {
      running.then(
        () => this.#runEnded(delivery),
        (thrown: unknown) => this.#runFailed(delivery, this.#refusalOf(thrown, "run", delivery), true),
      );
    } else this.#runEnded(delivery);
  }

  #runEnded(delivery: RunningDelivery): void {
    if (delivery.doom !== undefined) {
      this.#runFailed(delivery, delivery.doom, true);
      return;
    }
    delivery.ran();
    this.#pump();
  }

  /** `waited`: others ran in the meantime and may have seen what it staged. */
  #runFailed(delivery: RunningDelivery, refusal: Refusal, waited: boolean): void {
    const { place } = delivery;
    delivery.phase = "ran";
    this.#open = this.#open.filter((other) => other !== delivery);
    if (place < this.#staged.end) this.#takeBackFrom(place, waited);
    this.#settle(delivery, { taken: false, refusal: delivery.doom ?? refusal });
    this.#pump();
  }

  /**
   * Undoes everything from a position on, and refuses what had to do with it. A run that still waits may have read what
   * is taken back (`othersRan`), so it is refused as well once it ends; which of them really did cannot be known.
   */
  #takeBackFrom(position: number, othersRan: boolean): void {
    let from = position;
    for (let moved = true; moved; ) {
      moved = false;
      for (const { phase, place, until } of this.#open) {
        const involved = until > from || (othersRan && phase === "running");
        if (!involved || place >= from) continue;
        from = place;
        moved = true;
      }
    }
    this.#undo(this.#staged.takeFrom(from));
    const open = this.#open;
    this.#open = open.filter(({ phase, until }) => phase === "running" || until <= from);
    for (const delivery of open) {
      if (delivery.phase === "running") {
        if (othersRan || delivery.until > from) delivery.restart(builtOnRefused().refusal);
      } else if (delivery.until > from) this.#settle(delivery, builtOnRefused());
    }
  }

  /** Everything that is staged and in no commit was built on a commit that is not kept. */
  #takeBackAll(refused: () => Refused): void {
    this.#undo(this.#staged.takeFrom(this.#staged.begin));
    const open = this.#open;
    this.#open = open.filter(({ phase }) => phase === "running");
    for (const delivery of open) {
      if (delivery.phase === "running") delivery.restart(refused().refusal);
      else this.#settle(delivery, refused());
    }
  }

  /** Commits what can be committed, as soon as the store wants it, one commit after the other. */
  #pump(): void {
    // What an effect delivers is committed when the effects of its own commit are through.
    if (!this.#pumping && this.#open.length > 0) this.#committer.whenReady(this.#commitStaged);
  }

  readonly #commitStaged = (): void => {
    this.#pumping = true;
    try {
      while (this.#committer.state === "idle" && this.#commitNext());
    } finally {
      this.#pumping = false;
    }
  };

  #commitNext(): boolean {
    const point = this.#commitPoint();
    const deliveries: RunningDelivery[] = [];
    const others: RunningDelivery[] = [];
    for (const delivery of this.#open) {
      const isComplete = delivery.phase === "ran" && delivery.until <= point;
      (isComplete ? deliveries : others).push(delivery);
    }
    if (deliveries.length === 0) return false;
    this.#open = others;
    const entries = this.#staged.takeBefore(point);
    this.#committer.commit(entries, (result) => this.#committed(deliveries, entries, result));
    return true;
  }

  /** The longest front part of the log that no run still adds to, and that no delivery reaches across. */
  #commitPoint(): number {
    let point = this.#staged.end;
    if (this.#open.length === 1 && this.#open[0]!.phase === "ran") return point;
    for (const { phase, place } of this.#open) if (phase === "running" && place < point) point = place;
    for (let moved = true; moved; ) {
      moved = false;
      for (const { place, until } of this.#open) {
        if (place >= point || until <= point) continue;
        point = place;
        moved = true;
      }
    }
    return point;
  }

  #committed(deliveries: readonly RunningDelivery[], entries: readonly Entry[], result: CommitResult): void {
    switch (result.type) {
      case "kept":
        this.#show(result.effects);
        for (const delivery of deliveries) this.#settle(delivery, TAKEN);
        break;
      case "failed": {
        const refused = refusing("store_failed", `the store failed: ${messageOf(result.cause)}`, result.cause);
        this.#takeBackAll(refused);
        this.#undo(entries);
        for (const delivery of deliveries) this.#settle(delivery, refused());
        break;
      }
      case "unknown":
      case "late": {
        const refused = refusing("store_unknown", "the store did not say whether this was kept");
        if (result.type === "late") this.#takeBackAll(refusing("store_late", STORE_LATE));
        for (const delivery of deliveries) this.#settle(delivery, refused());
        break;
      }
      default:
        result satisfies never;
    }
    this.#pump();
  }

  #show(effects: readonly (() => void)[]): void {
    const nested = this.#pumping;
    this.#pumping = true;
    for (const effect of effects) this.#callOut("effect", effect);
    this.#pumping = nested;
  }

  #undo(entries: readonly Entry[]): void {
    for (let index = entries.length - 1; index >= 0; index--) {
      const entry = entries[index]!;
      if (entry.type === "undo") this.#callOut("undo", entry.run);
      else if (entry.type === "change" && entry.cell !== undefined) entry.cell.state = entry.before;
    }
  }

  /** Effects and undos must not throw; one that does is a bug of its component, and must not cost the others theirs. */
  #callOut(where: "effect" | "undo", run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#bug(where, thrown);
    }
  }

  #settle(delivery: RunningDelivery, outcome: Outcome): void {
    this.#admission.end(delivery);
    delivery.settle(outcome);
    if (this.#admission.deliveries > 0 || this.#onIdle.length === 0) return;
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const idle of waiting) idle();
  }

  #refusalOf(thrown: unknown, where: string, delivery?: RunningDelivery): Refusal {
    if (thrown instanceof Refusal) return thrown;
    if (delivery?.signal.aborted && thrown === delivery.signal.reason) {
      return new Refusal("retryable", "aborted", "nobody waits for it any more", { cause: thrown });
    }
    this.#bug(where, thrown, delivery);
    return Refusal.from(thrown);
  }

  #bug(where: string, thrown: unknown, delivery?: RunningDelivery): void {
    this.#meter.counter(BUGS, { where }).value++;
    const fields = { error: thrown, ...(delivery === undefined ? {} : { delivery: delivery.id }) };
    this.#log.limited(`bug_${where}`).error(`BUG: an exception in ${where}; please report it`, fields);
  }
}

function countRefused(meter: Meter, { reason }: Refusal): void {
  meter.counter(DELIVERIES, { outcome: "refused", reason }).value++;
}

const TAKEN: Outcome = { taken: true };
const STORE_LATE = "the store does not answer in time";
const builtOnRefused = refusing("rolled_back", "it may have built on a delivery that was refused");

type Refused = Extract<Outcome, { taken: false }>;

/** A refusal for each of several: an error object is one delivery's own. */
function refusing(reason: string, message: string, cause?: unknown): () => Refused {
  return () => ({ taken: false, refusal: new Refusal("retryable", reason, message, { cause }) });
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
