import type { Delivery } from "../../component/delivery.ts";
import { Refusal } from "../../component/refusal.ts";
import type { Store } from "../../component/store.ts";
import type { Adjusted, Adjustment } from "../../component/totals.ts";
import { type MetricsBatch, type Row, streamOf } from "../../model/points.ts";
import type { Source, Stream } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import type { SourceFacts } from "../../model/source-facts.ts";
import type { Config } from "./config.ts";
import { afterAssumedRepeat, afterProof, provesDelta } from "./doubts.ts";
import type { LifeView } from "./life-view.ts";
import { afterReport, newStreamWithout } from "./lineage.ts";
import { type SourceRecord, SourceRecords } from "./source-records.ts";
import {
  comesTooEarly,
  knownBegin,
  type SourceState,
  viewOf,
  withLifeFacts,
  withReport,
  withUntoldFall,
} from "./source-state.ts";
import type { Show, Staging } from "./staging.ts";
import type { ArchivedStream } from "./stream-archive.ts";
import { type StreamRecord, StreamRecords } from "./stream-records.ts";
import { hasOpen, isCount, openOf } from "./stream-state.ts";
import type { Counters } from "./telemetry.ts";

/** The streams and sources of one batch on their way through. */
interface Report {
  readonly source: SourceRecord;
  readonly state: SourceState;
  readonly view: LifeView;
  readonly staging: Staging;
  /** Whether counters fell untold, perhaps as there are several, and whether values proved to be deltas. */
  falls: boolean;
  several: boolean;
  proof: boolean;
}

/**
 * The totals of what sources report: finds the state of each stream and source, has the state after the report worked
 * out by `lineage.ts` and `source-state.ts`, and stages it.
 */
export class StreamTotals {
  readonly #config: Config;
  readonly #counters: Counters;
  readonly #streams: StreamRecords;
  readonly #sources: SourceRecords;
  /** The streams of one batch, to be shown once at its end; used again for each. */
  readonly #reported: StreamRecord[] = [];
  /** Of the last row of each. */
  readonly #times: number[] = [];
  #batch = 0;

  constructor(config: Config, counters: Counters, store: Store, table: SeriesTable) {
    this.#config = config;
    this.#counters = counters;
    this.#streams = new StreamRecords(store, table);
    this.#sources = new SourceRecords(store, table);
  }

  get size(): number {
    return this.#streams.size;
  }

  get archivedSize(): number {
    return this.#streams.archivedSize;
  }

  async load(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#streams.load(signal), this.#sources.load(signal)]);
  }

  /** The streams of a batch whose totals may be in the archive: those that nobody knows here. Nearly always none. */
  absentOf({ rows, assumedRepeat }: MetricsBatch): readonly string[] {
    if (this.#streams.archivedSize === 0) return NONE;
    const keys = [rows, assumedRepeat ?? []].flatMap((all) => all.map((row) => streamOf(row)?.key));
    return this.absent(keys.filter((key) => key !== undefined));
  }

  absent(keys: readonly string[]): readonly string[] {
    return this.#streams.archivedSize === 0 ? NONE : keys.filter((key) => !this.#streams.has(key));
  }

  findArchived(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ArchivedStream>> {
    return this.#streams.findArchived(keys, signal);
  }

  /** Takes back what was found in the archive, as far as there is room, and nobody else has taken it back meanwhile. */
  bringBack(found: ReadonlyMap<string, ArchivedStream>, staging: Staging): void {
    for (const [key, stream] of found) {
      if (this.#streams.has(key) || this.#streams.size >= this.#config.max_streams) continue;
      this.#streams.bringBack(key, stream, staging);
      this.#counters.returned.value++;
    }
  }

  /** Those whose last report is that old, where that is known, and that have no open connection; `max` at the most. */
  stale(before: number, max: number): readonly StreamRecord[] {
    const stale: StreamRecord[] = [];
    for (const record of this.#streams.all()) {
      const { reportAt, totals } = record.state;
      if (reportAt === 0 || reportAt > before || hasOpen(totals, record.behaviours)) continue;
      if (stale.push(record) === max) break;
    }
    return stale;
  }

  archive(records: readonly StreamRecord[], delivery: Delivery): void {
    this.#streams.archive(records, delivery);
  }

  /** What is stored of each stream and source. */
  stored(): readonly Show[] {
    const streams = [...this.#streams.all()].map((record): Show => {
      return (at, outgoing) => this.#streams.showStored(record, at, outgoing);
    });
    const sources = [...this.#sources.shown()].map((record): Show => {
      return (at, outgoing) => this.#sources.show(record, at, outgoing);
    });
    return [...streams, ...sources];
  }

  /** What `stored` leaves out: that nothing of a stream is uncertain, where its reports have not said so since. */
  *certain(): Iterable<Show> {
    for (const record of this.#streams.all()) {
      yield (at, outgoing) => this.#streams.showCertain(record, at, outgoing);
    }
  }

  adjust(adjustment: Adjustment, staging: Staging): Adjusted {
    return this.#streams.adjust(adjustment, staging);
  }

  dispose(): void {
    this.#streams.dispose();
    this.#sources.dispose();
  }

  /** The number of the last batch of a source. */
  get batch(): number {
    return this.#batch;
  }

  /** Takes in what a batch says of its source's life. False where it takes away what was known of levels. */
  addLife(facts: SourceFacts, staging: Staging): boolean {
    const record = this.#source(facts.source, staging);
    if (record === undefined) return true;
    const state = withLifeFacts(record.state, facts, staging.at, record.others);
    const isNewEpoch = state.life !== record.state.life;
    if (isNewEpoch) this.#counters.lives.epoch.value++;
    this.#sources.change(record, state, staging);
    // Whatever was open is over, or is nobody's to report any more, or shows itself with its next report.
    return !isNewEpoch && facts.life.every(({ type }) => type === "connections_lost");
  }

  /** Takes in the rows of one source from `from` on, up to the first of another one; returns where that is. */
  addSource(rows: readonly Row[], from: number, facts: SourceFacts | undefined, staging: Staging): number {
    const reported = sourceOf(rows[from]!)!;
    const own = facts?.source.key === reported.key ? facts : undefined;
    const source = own?.source ?? reported;
    const record = this.#source(source, staging);
    if (record === undefined) return this.#dropSource(rows, from, source);
    const report = this.#begin(record, source, own, staging);
    this.#batch++;
    this.#reported.length = 0;
    let index = from;
    for (; isOf(rows[index], source); index++) this.#addStream(rows[index]!, report);
    this.#end(report, staging.shownAt(rows[from]!.time));
    return index;
  }

  /** Takes in what was left out of a report as a repeat, though nobody knows: totals could be too low by it. */
  addAssumedRepeat(rows: readonly Row[], { source, told, epoch }: SourceFacts, staging: Staging): void {
    const known = this.#sources.find(source, staging.transaction);
    if (known === undefined) return;
    const view = viewOf({ ...known.state, told }, source, epoch, known.state.reportAt);
    for (const row of rows) {
      const { values, time } = row;
      const record = this.#streams.find(streamOf(row)!, staging);
      if (record === undefined) continue;
      const state = afterAssumedRepeat(record.state, values, record.behaviours, view);
      if (state === record.state) continue;
      staging.transaction.change(this.#streams.scope, record, state);
      this.#streams.show(record, staging.shownAt(time), staging);
    }
  }

  #begin(source: SourceRecord, identity: Source, facts: SourceFacts | undefined, staging: Staging): Report {
    const before = source.state;
    const told = facts === undefined ? before.told : facts.told;
    if (comesTooEarly(before, staging.at) && told !== "delta" && this.#mayLiveOn(source)) {
      this.#counters.refused.value++;
      throw tooEarly(identity);
    }
    const state = withReport(before, told, staging.at, source.others);
    if (state.life !== before.life && before.reportAt > 0) {
      this.#counters.lives[state.restart === state.life ? "restart" : "reload"].value++;
    }
    return {
      source,
      state,
      view: viewOf(state, identity, facts?.epoch, before.reportAt),
      staging,
      falls: false,
      several: false,
      proof: false,
    };
  }

  /** Whether an instance of the source would survive a reload: some of its connections may be open. */
  #mayLiveOn({ key }: SourceRecord): boolean {
    for (const { state, behaviours } of this.#streams.ofSource(key)) {
      if (openOf(state.totals, behaviours) > 0) return true;
    }
    return false;
  }

  /** One report of one stream. */
  #addStream(row: Row, report: Report): void {
    const { values, time } = row;
    const stream = streamOf(row)!;
    const count = this.#countsIn(values, stream);
    const record = this.#stream(stream, row, report);
    if (record === undefined) {
      this.#counters.dropped.limit.value += count;
      return;
    }
    const before = record.state;
    const after = afterReport(before, values, record.behaviours, report.view);
    if (after.lineage.falls !== before.lineage.falls) {
      report.falls = true;
      if (after.readings !== undefined) report.several = true;
      this.#counters.falls.value++;
    }
    if (report.view.mode === "undecided" && provesDelta(after, report.view)) report.proof = true;
    report.staging.transaction.change(this.#streams.scope, record, after);
    this.#toShow(record, report.staging.shownAt(time));
    this.#counters.counted.value += count;
  }

  /** How many values a row has; those that cannot be counted are counted as such. */
  #countsIn(values: readonly number[], { members }: Stream): number {
    let count = 0;
    for (let index = 0; index < values.length; index++) {
      const value = values[index]!;
      if (Number.isNaN(value)) continue;
      count++;
      if (!isCount(value) && members[index]!.behaviour !== "level") this.#counters.dropped.not_a_count.value++;
    }
    return count;
  }

  #toShow(record: StreamRecord, time: number): void {
    if (record.batch !== this.#batch) {
      record.batch = this.#batch;
      record.place = this.#reported.push(record) - 1;
    }
    this.#times[record.place] = time;
  }

  /** What the streams of a report together say of their source. */
  #end(report: Report, time: number): void {
    const { source, state, view, staging } = report;
    let after = state;
    if (report.falls) {
      after = withUntoldFall(state, { lastReportAt: source.state.reportAt, at: staging.at }, source.others);
      if (!report.several) this.forgetLevels(source.key, staging, this.#batch - 1);
    } else if (report.proof) {
      after = { ...state, provenDelta: true };
      this.#counters.proofs.value++;
      for (const record of this.#streams.ofSource(source.key)) {
        const raised = record.state.lineage.life === view.life ? afterProof(record.state) : record.state;
        if (raised === record.state) continue;
        this.#streams.keep(record, staging);
        staging.transaction.change(this.#streams.scope, record, raised);
        this.#toShow(record, time);
      }
    }
    if (report.several) after = { ...after, several: true };
    this.#sources.change(source, after, staging);
    for (let place = 0; place < this.#reported.length; place++) {
      this.#streams.show(this.#reported[place]!, this.#times[place]!, staging);
    }
    this.#sources.showNews(source, time, staging);
  }

  /** Of all streams of a source that were not part of a later batch than this. */
  forgetLevels(sourceKey: string, staging: Staging, batch: number): void {
    for (const record of this.#streams.ofSource(sourceKey)) {
      if (record.batch <= batch) this.#streams.forgetLevels(record, staging);
    }
  }

  /** Of all streams that nobody reported since they were loaded. */
  forgetUnreportedLevels(staging: Staging): void {
    for (const record of this.#streams.all()) {
      if (record.stream === undefined) this.#streams.forgetLevels(record, staging);
    }
  }

  #stream(stream: Stream, row: Row, report: Report): StreamRecord | undefined {
    return this.#streams.find(stream, report.staging) ?? this.#create(stream, row, report);
  }

  #create(stream: Stream, { time, values }: Row, { state, view, staging }: Report): StreamRecord | undefined {
    if (this.#streams.size >= this.#config.max_streams) return undefined;
    const beganAt = knownBegin(state);
    const record = this.#streams.create(stream, Math.min(beganAt ?? time, time), view.life, staging);
    if (this.#config.initial_value === "drop" && beganAt === undefined && state.life === 0) {
      record.state = newStreamWithout(record.state, values, record.behaviours, view.mode);
    }
    return record;
  }

  #source(source: Source, staging: Staging): SourceRecord | undefined {
    const known = this.#sources.find(source, staging.transaction);
    if (known !== undefined || this.#sources.size >= this.#config.max_streams) return known;
    return this.#sources.create(source, staging.at, staging.transaction);
  }

  #dropSource(rows: readonly Row[], from: number, source: Source): number {
    let index = from;
    for (; isOf(rows[index], source); index++) {
      for (const value of rows[index]!.values) if (!Number.isNaN(value)) this.#counters.dropped.limit.value++;
    }
    return index;
  }
}

const NONE: readonly string[] = [];

function sourceOf(row: Row): Source | undefined {
  return streamOf(row)?.source;
}

function tooEarly({ node, service }: Source): Refusal {
  const what = `${service} on ${node} began a moment ago, and whether an instance from before lives on is not known yet`;
  return new Refusal("retryable", "evidence_pending", what);
}

/** Nearly always one object; a receiver that forgot a source in between has made an equal one. */
function isOf(row: Row | undefined, source: Source): boolean {
  const reported = row && sourceOf(row);
  return reported === source || reported?.key === source.key;
}
