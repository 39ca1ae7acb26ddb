import type { Store } from "../../component/store.ts";
import type { Point } from "../../model/points.ts";
import type { Series, Source, Stream } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import type { SourceFacts } from "../../model/source-facts.ts";
import type { Config } from "./config.ts";
import { afterProof, provesDelta } from "./doubts.ts";
import type { LifeView } from "./life-view.ts";
import { afterReport, newStreamWithout } from "./lineage.ts";
import { type SourceRecord, SourceRecords } from "./source-records.ts";
import { knownBegin, type SourceState, viewOf, withLifeFacts, withReport, withUntoldFall } from "./source-state.ts";
import type { Staging } from "./staging.ts";
import { type StreamRecord, StreamRecords } from "./stream-records.ts";
import { isCount } from "./stream-state.ts";
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
  /** The values of one report of one stream, by member; used again for each. */
  readonly #values: number[] = [];
  /** The streams of one batch, to be shown once at its end; used again for each. */
  readonly #reported: StreamRecord[] = [];
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

  async load(signal: AbortSignal): Promise<void> {
    await this.#streams.load(signal);
    await this.#sources.load(signal);
  }

  /** What is stored, as functions that each add the points of one stream or source. */
  stored(at: number): ((points: Point[]) => void)[] {
    const streams = [...this.#streams.all()].map(
      (record) => (points: Point[]) => this.#streams.show(record, at, points),
    );
    const sources = [...this.#sources.shown()].map(
      (record) => (points: Point[]) => this.#sources.show(record, at, points),
    );
    return [...streams, ...sources];
  }

  dispose(): void {
    this.#streams.dispose();
    this.#sources.dispose();
  }

  /** Takes in what a batch says of its source's life. */
  addLife(facts: SourceFacts, staging: Staging): void {
    const record = this.#source(facts.source, staging);
    if (record === undefined) return;
    const state = withLifeFacts(record.state, facts, staging.at, record.others);
    if (state.life !== record.state.life) this.#counters.lives.epoch.value++;
    this.#sources.change(record, state, staging);
  }

  /** Takes in the points of one source from `from` on, up to the first of another one; returns where that is. */
  addSource(points: readonly Point[], from: number, facts: SourceFacts | undefined, staging: Staging): number {
    const reported = sourceOf(points[from]!)!;
    const own = facts?.source.key === reported.key ? facts : undefined;
    const source = own?.source ?? reported;
    const record = this.#source(source, staging);
    if (record === undefined) return this.#dropSource(points, from, source);
    const report = this.#begin(record, source, own, staging);
    this.#batch++;
    this.#reported.length = 0;
    let index = from;
    while (isOf(points[index], source)) index = this.#addStream(points, index, report);
    this.#end(report, points[from]!.time);
    return index;
  }

  #begin(source: SourceRecord, identity: Source, facts: SourceFacts | undefined, staging: Staging): Report {
    const before = source.state;
    const told = facts === undefined ? before.told : facts.told;
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

  /** One report of one stream: its members stand next to each other, in their order; some may have been taken out. */
  #addStream(points: readonly Point[], from: number, report: Report): number {
    const { series: first, time } = points[from]!;
    const stream = first.stream!;
    const to = this.#readValues(points, from, stream);
    const record = this.#stream(first, stream, time, report);
    if (record === undefined) {
      this.#counters.dropped.limit.value += to - from;
      return to;
    }
    const before = record.state;
    const after = afterReport(before, this.#values, record.behaviours, report.view);
    if (after.lineage.falls !== before.lineage.falls) {
      report.falls = true;
      if (after.readings !== undefined) report.several = true;
      this.#counters.falls.value++;
    }
    if (report.view.mode === "undecided" && provesDelta(after, report.view)) report.proof = true;
    report.staging.change(this.#streams.scope, record, after);
    this.#toShow(record, time);
    this.#counters.counted.value += to - from;
    return to;
  }

  #readValues(points: readonly Point[], from: number, { members }: Stream): number {
    const values = this.#values;
    let index = from;
    for (let member = 0; member < members.length; member++) {
      const point = points[index];
      values[member] = Number.NaN;
      if (point === undefined || point.series !== members[member]!.series) continue;
      index++;
      if (typeof point.value === "number") values[member] = point.value;
      if (members[member]!.behaviour !== "level" && !isCount(values[member]!)) {
        this.#counters.dropped.not_a_count.value++;
      }
    }
    // Setting the length is a slow call, even to what it is.
    if (values.length > members.length) values.length = members.length;
    return index;
  }

  #toShow(record: StreamRecord, time: number): void {
    record.time = time;
    if (record.batch === this.#batch) return;
    record.batch = this.#batch;
    this.#reported.push(record);
  }

  /** What the streams of a report together say of their source. */
  #end(report: Report, time: number): void {
    const { source, state, view, staging } = report;
    let after = state;
    if (report.falls) {
      after = withUntoldFall(state, { lastReportAt: source.state.reportAt, at: staging.at }, source.others);
    } else if (report.proof) {
      after = { ...state, provenDelta: true };
      this.#counters.proofs.value++;
      for (const record of this.#streams.all()) {
        const isOfLife = record.stream?.source.key === source.key && record.state.lineage.life === view.life;
        const raised = isOfLife ? afterProof(record.state) : record.state;
        if (raised === record.state) continue;
        staging.change(this.#streams.scope, record, raised);
        this.#toShow(record, time);
      }
    }
    if (report.several) after = { ...after, several: true };
    this.#sources.change(source, after, staging);
    for (const record of this.#reported) this.#streams.show(record, record.time, staging.points);
    this.#sources.show(source, time, staging.points);
  }

  #stream(series: Series, stream: Stream, time: number, report: Report): StreamRecord | undefined {
    return this.#streams.find(series, stream, report.staging) ?? this.#create(stream, time, report);
  }

  #create(stream: Stream, time: number, { state, view, staging }: Report): StreamRecord | undefined {
    if (this.#streams.size >= this.#config.max_streams) return undefined;
    const beganAt = knownBegin(state);
    const record = this.#streams.create(stream, Math.min(beganAt ?? time, time), view.life, staging);
    if (this.#config.initial_value === "drop" && beganAt === undefined && state.life === 0) {
      record.state = newStreamWithout(record.state, this.#values, record.behaviours, view.mode);
    }
    return record;
  }

  #source(source: Source, staging: Staging): SourceRecord | undefined {
    const known = this.#sources.find(source, staging.transaction);
    if (known !== undefined || this.#sources.size >= this.#config.max_streams) return known;
    return this.#sources.create(source, staging.at, staging.transaction);
  }

  #dropSource(points: readonly Point[], from: number, source: Source): number {
    let index = from;
    while (isOf(points[index], source)) index++;
    this.#counters.dropped.limit.value += index - from;
    return index;
  }
}

function sourceOf({ series }: Point): Source | undefined {
  return series.stream?.source;
}

/** Nearly always one object; a receiver that forgot a source in between has made an equal one. */
function isOf(point: Point | undefined, source: Source): boolean {
  const reported = point && sourceOf(point);
  return reported === source || reported?.key === source.key;
}
