import type { Deps, Processor } from "../../component/component.ts";
import type { Consumer, Delivery, Next } from "../../component/delivery.ts";
import { Refusal } from "../../component/refusal.ts";
import { type Adjusted, type Adjustment, AdjustmentError } from "../../component/totals.ts";
import { deadline, NEVER, orAborted } from "../../lib/abort.ts";
import type { Cancel } from "../../lib/clock.ts";
import { type MetricsBatch, type Point, streamOf } from "../../model/points.ts";
import { streamKey } from "../../model/stream-key.ts";
import type { Config } from "./config.ts";
import { PlainTotals } from "./plain-totals.ts";
import { type Outgoing, type Show, Staging } from "./staging.ts";
import { StreamTotals } from "./stream-totals.ts";
import { type Counters, countersOf, showSizes } from "./telemetry.ts";

const SWEEP_PERIOD_MS = 60_000;
/** Streams are looked for that are to be archived so often: this part of `archive_after`, within these bounds. */
const ARCHIVE_CHECKS = 10;
const ARCHIVE_PERIOD_MIN_MS = 1000;
const ARCHIVE_PERIOD_MAX_MS = 3_600_000;
/** So many streams are archived by one delivery. */
const ARCHIVED_TOGETHER_MAX = 2_000;
/** A store that takes longer to find something in the archive is in trouble; whoever waits for the answer has 5 s. */
const FIND_TIMEOUT_MS = 2_000;
/** When after a start it is said of stored totals that nothing is uncertain: in batches, with pauses for everybody else. */
const CERTAIN_DELAY_MS = 1_000;
const CERTAIN_PAUSE_MS = 10;
const CERTAIN_TOGETHER_MAX = 1_000;
/** After a start, open connections that nobody reports are shown for so long as they were stored. */
const LEVELS_KEPT_MS = 3_600_000;
/** So many streams make one batch. */
const RESTORED_TOGETHER_MAX = 2_000;
/** When stored totals that were refused are shown again. */
const RESTORE_PAUSE_MS = 1_000;

/**
 * Makes totals of what comes, and hands the totals on. Rows of streams go to `StreamTotals`, what stands alone to
 * `PlainTotals`; both keep their states in the store by the delivery's transaction.
 */
export class DeltaToCumulative implements Processor, Consumer<"metrics"> {
  readonly metrics: Consumer<"metrics"> = this;
  readonly #config: Config;
  readonly #deps: Deps;
  readonly #next: Next;
  readonly #counters: Counters;
  readonly #streams: StreamTotals;
  readonly #plain: PlainTotals;
  #startedAt = 0;
  readonly #timers: Cancel[] = [];
  #cancelShowing: Cancel = () => {};
  #archiving = false;
  #endSizes: () => void = () => {};
  #isStopped = false;

  constructor(config: Config, deps: Deps, next: Next) {
    this.#config = config;
    this.#deps = deps;
    this.#next = next;
    this.#counters = countersOf(deps);
    this.#streams = new StreamTotals(config, this.#counters, deps.store, deps.series);
    this.#plain = new PlainTotals(config, this.#counters, deps.store, deps.series);
  }

  async load(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#streams.load(signal), this.#plain.load(this.#deps.clock.now(), signal)]);
  }

  /**
   * All totals once more: whoever is idle is not reported, and the series of idle clients must not vanish. What is refused,
   * by an exporter whose queue is full perhaps, is shown when it is taken.
   */
  async restore(signal: AbortSignal): Promise<void> {
    await this.#showStored([...this.#streams.stored(), ...this.#plain.stored()], signal);
  }

  async #showStored(shows: readonly Show[], signal: AbortSignal): Promise<void> {
    for (let from = 0; from < shows.length && !this.#isStopped; from += RESTORED_TOGETHER_MAX) {
      const some = shows.slice(from, from + RESTORED_TOGETHER_MAX);
      const isTaken = await this.#deliver("stored totals", some.length, signal, (delivery) => {
        const outgoing: Outgoing = { rows: [], points: [] };
        for (const show of some) show(this.#deps.clock.now(), outgoing);
        return this.#next.metrics?.consume(outgoing, delivery);
      });
      if (isTaken) continue;
      const left = shows.slice(from); // They would be refused as well.
      if (!this.#isStopped) {
        this.#cancelShowing = this.#deps.clock.after(RESTORE_PAUSE_MS, () => void this.#showStored(left, NEVER));
      }
      return;
    }
  }

  async start(): Promise<void> {
    this.#startedAt = this.#deps.clock.monotonic();
    const { max_streams: streamsMax, max_stale: staleMs, archive_after: archiveAfterMs } = this.#config;
    const { clock } = this.#deps;
    const tracked = () => this.#streams.size + this.#plain.size;
    const archived = () => this.#streams.archivedSize;
    this.#endSizes = showSizes(this.#deps, { streamsMax, staleMs }, { tracked, archived });
    this.#timers.push(clock.every(Math.min(SWEEP_PERIOD_MS, staleMs), () => void this.#sweep()));
    this.#timers.push(clock.after(CERTAIN_DELAY_MS, () => void this.#showCertain()));
    if (archiveAfterMs === 0) return;
    const periodMs = Math.max(archiveAfterMs / ARCHIVE_CHECKS, ARCHIVE_PERIOD_MIN_MS);
    this.#timers.push(clock.every(Math.min(periodMs, ARCHIVE_PERIOD_MAX_MS), () => void this.#archive()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#timers.splice(0)) cancel();
    this.#cancelShowing();
    this.#endSizes();
    this.#streams.dispose();
    this.#plain.dispose();
  }

  consume(batch: MetricsBatch, delivery: Delivery): void | Promise<void> {
    const staging = new Staging(delivery.transaction, delivery.receivedAt);
    const absent = () => this.#streams.absentOf(batch);
    return this.#withAbsent(absent, staging, delivery, () => this.#consume(batch, staging, delivery));
  }

  #consume(batch: MetricsBatch, staging: Staging, delivery: Delivery): void | Promise<void> {
    const { rows, points, source: facts, assumedRepeat } = batch;
    const { batch: batchBefore } = this.#streams;
    const tellsLife = facts !== undefined && (facts.life.length > 0 || facts.epoch !== undefined);
    const knowsLevels = !tellsLife || this.#streams.addLife(facts, staging);
    for (let index = 0; index < rows.length; ) {
      const row = rows[index]!;
      if (streamOf(row) !== undefined) {
        index = this.#streams.addSource(rows, index, facts, staging);
      } else {
        this.#plain.addRow(row, staging);
        index++;
      }
    }
    if (facts !== undefined && assumedRepeat !== undefined) {
      this.#streams.addAssumedRepeat(assumedRepeat, facts, staging);
    }
    for (const point of points) this.#plain.add(point, staging);
    if (!knowsLevels) this.#streams.forgetLevels(facts!.source.key, staging, batchBefore);
    const hasLife = facts !== undefined && facts.life.length > 0;
    const isEmpty = staging.rows.length + staging.points.length === 0;
    if (isEmpty && rows.length + points.length > 0 && !hasLife) return; // All of it was dropped, and counted.
    return this.#next.metrics?.consume({ rows: staging.rows, points: staging.points, source: facts }, delivery);
  }

  /** Corrects a total of a stream. Rejects with an `AdjustmentError` where that cannot be, and else when it was not kept. */
  async adjust(adjustment: Adjustment, signal: AbortSignal): Promise<Adjusted> {
    let adjusted: Adjusted | undefined;
    const outcome = await this.#begin(1, signal, (delivery) => {
      // It was held back by a reload that has put another in our place.
      if (this.#isStopped) throw new Refusal("retryable", "stopped", "the processor was stopped meanwhile");
      const staging = new Staging(delivery.transaction, delivery.receivedAt);
      const absent = () => this.#streams.absent([streamKey(adjustment.total.owner)]);
      return this.#withAbsent(absent, staging, delivery, () => {
        adjusted = refusing(() => this.#streams.adjust(adjustment, staging));
        return this.#next.metrics?.consume({ rows: staging.rows, points: staging.points }, delivery);
      });
    });
    if (outcome.taken) {
      this.#deps.log.info("a total was corrected by hand", { ...adjustment, ...adjusted });
      return adjusted!;
    }
    const { kind, message } = outcome.refusal;
    throw kind === "permanent" ? new AdjustmentError(message) : outcome.refusal;
  }

  /**
   * Goes on when streams that nobody knows here were taken back from the archive, where they are there. While it is read
   * others may have gone there: whoever is absent then, and was not looked for, is looked for as well.
   */
  #withAbsent(
    absent: () => readonly string[],
    staging: Staging,
    delivery: Delivery,
    goOn: () => void | Promise<void>,
    lookedFor: ReadonlySet<string> = NOBODY,
  ): void | Promise<void> {
    const keys = absent();
    if (keys.every((key) => lookedFor.has(key))) return goOn();
    const limit = deadline(this.#deps.clock, FIND_TIMEOUT_MS, "to look into the store's archive", delivery.signal);
    return orAborted(this.#streams.findArchived(keys, limit.signal), limit.signal)
      .catch((thrown: unknown) => {
        throw new Refusal("retryable", "archive_failed", `the archive cannot be read: ${thrown}`, { cause: thrown });
      })
      .finally(limit.cancel)
      .then((found) => {
        staging.resumedAt = this.#deps.clock.now();
        this.#streams.bringBack(found, staging);
        return this.#withAbsent(absent, staging, delivery, goOn, new Set(keys));
      });
  }

  async #showCertain(): Promise<void> {
    const { clock } = this.#deps;
    let points: Point[] = [];
    const show = async () => {
      const batch: MetricsBatch = { rows: [], points };
      points = [];
      await this.#deliver("uncertain parts", batch.points.length, NEVER, (delivery) =>
        this.#next.metrics?.consume(batch, delivery),
      );
    };
    for (const add of this.#streams.certain()) {
      if (this.#isStopped) return;
      add(clock.now(), { rows: [], points });
      if (points.length < CERTAIN_TOGETHER_MAX) continue;
      await show();
      await new Promise<void>((resolve) => this.#timers.push(clock.after(CERTAIN_PAUSE_MS, resolve)));
    }
    if (points.length > 0) await show();
  }

  async #archive(): Promise<void> {
    if (this.#archiving) return;
    this.#archiving = true;
    const before = this.#deps.clock.now() - this.#config.archive_after;
    let count = 0;
    for (let isTaken = true; isTaken; ) {
      const stale = this.#streams.stale(before, ARCHIVED_TOGETHER_MAX);
      if (stale.length === 0) break;
      const outcome = await this.#begin(0, NEVER, (delivery) => this.#streams.archive(stale, delivery));
      isTaken = outcome.taken; // Else the next check tries again.
      if (isTaken) count += stale.length;
    }
    if (count > 0) this.#deps.log.info(`${count} totals without a report were moved to the archive`);
    this.#archiving = false;
  }

  async #sweep(): Promise<void> {
    if (this.#deps.clock.monotonic() - this.#startedAt >= LEVELS_KEPT_MS) await this.#forgetUnreportedLevels();
    const stale = this.#plain.stale(this.#deps.clock.now() - this.#config.max_stale);
    if (stale.length === 0) return;
    await this.#deliver("stale totals", 0, NEVER, ({ transaction }) => this.#plain.expire(stale, transaction));
  }

  /** Once. An idle client's connections may well be open still, but not all of those that came from the store. */
  async #forgetUnreportedLevels(): Promise<void> {
    const startedAt = this.#startedAt;
    this.#startedAt = Number.POSITIVE_INFINITY;
    const outcome = await this.#begin(0, NEVER, (delivery) => {
      const staging = new Staging(delivery.transaction, delivery.receivedAt);
      this.#streams.forgetUnreportedLevels(staging);
      if (staging.points.length > 0) return this.#next.metrics?.consume({ rows: [], points: staging.points }, delivery);
    });
    if (!outcome.taken) this.#startedAt = startedAt; // The next sweep tries again.
  }

  /** A delivery of our own; whether it was taken. That it was refused is said, for nobody else would. */
  async #deliver(
    what: string,
    items: number,
    signal: AbortSignal,
    run: (delivery: Delivery) => void | Promise<void>,
  ): Promise<boolean> {
    const outcome = await this.#begin(items, signal, run);
    if (!outcome.taken) {
      this.#deps.log.limited(what).warn(`${what} were refused`, { items, reason: outcome.refusal.message });
    }
    return outcome.taken;
  }

  #begin(items: number, signal: AbortSignal, run: (delivery: Delivery) => void | Promise<void>) {
    const peer = { address: "delta_to_cumulative", transport: "internal" } as const;
    return this.#deps.deliver({ peer, upperBound: { items, bytes: 0 }, signal, irreplaceable: true }, run);
  }
}

const NOBODY: ReadonlySet<string> = new Set();

function refusing<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw thrown instanceof AdjustmentError ? new Refusal("permanent", "not_adjustable", thrown.message) : thrown;
  }
}
