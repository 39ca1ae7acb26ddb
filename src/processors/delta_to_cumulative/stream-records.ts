import type { Delivery } from "../../component/delivery.ts";
import type { Cell, Store, Transaction } from "../../component/store.ts";
import { type Adjusted, type Adjustment, AdjustmentError } from "../../component/totals.ts";
import { Row } from "../../model/points.ts";
import type { MemberBehaviour, Series, Stream } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { ownerOfStream, sourceKey, streamKey } from "../../model/stream-key.ts";
import { AdjustmentBook, adjustmentKey, type Corrections, isNumber } from "./adjustment-book.ts";
import { adjustmentCodec, streamCodec } from "./codecs.ts";
import { Identities } from "./identities.ts";
import { SCOPES } from "./scopes.ts";
import type { Outgoing, Staging } from "./staging.ts";
import { memberKey, type SeriesShape, type StoredIdentity } from "./stored-identity.ts";
import { type ArchivedStream, StreamArchive } from "./stream-archive.ts";
import { hasOpen, newStream, StreamState, uncertainty, withMembers } from "./stream-state.ts";

/**
 * One stream in memory: its state, and the series that its totals are exported as, pinned while there is a total. What
 * each report looks at comes first, to be fetched from memory together.
 */
export interface StreamRecord extends Cell<StreamState> {
  /** As it was reported last; undefined from a restart until then. */
  stream: Stream | undefined;
  /** What each total is exported as, and how it behaves; without an identity nothing. */
  identity: StoredIdentity | undefined;
  behaviours: readonly MemberBehaviour[];
  exported: readonly Series[];
  /** Where corrections of it are shown: nearly always nowhere. */
  corrected: readonly { readonly series: Series; readonly corrections: Corrections }[];
  /** The batch that it was last part of, and its place among the streams of that. */
  batch: number;
  place: number;
  /** When it was last shown that nothing of it is uncertain, in whole seconds; `NEVER`, while something is. */
  certainAt: number;
  /** Made when it is shown first: that nothing is uncertain has time after a start. */
  uncertain: readonly (Series | undefined)[] | undefined;
  /** Its source's key; absent where it has no open connections from before, and was not reported since. */
  source: string | undefined;
  /** Its move to the archive, each its own: it goes from memory once this is kept, unless it is reported before. */
  archived: object | undefined;
}

function isCertain({ doubts, readings }: StreamState): boolean {
  return doubts === undefined && readings === undefined;
}

/** How often a series says that nothing is uncertain, while its total moves on. */
const CERTAIN_PERIOD_SECONDS = 60;
/** A whole period before any time. */
const NEVER = -CERTAIN_PERIOD_SECONDS;

/** All streams with a total: in memory by the series that are reported, in the store by the stream's lasting key. */
export class StreamRecords {
  readonly scope;
  readonly #adjustments;
  readonly #book = new AdjustmentBook();
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, StreamRecord>();
  /** By the first of its series. */
  readonly #bySeries: Memo<StreamRecord>;
  readonly #bySource = new Map<string, Set<StreamRecord>>();
  readonly #archive;

  constructor(store: Store, table: SeriesTable) {
    this.scope = store.scope(streamCodec, SCOPES.streams);
    this.#adjustments = store.scope(adjustmentCodec, SCOPES.adjustments);
    this.#identities = new Identities(store, table, "stream");
    this.#archive = new StreamArchive(store, this.scope, this.#identities);
    this.#table = table;
    this.#bySeries = table.memo<StreamRecord>();
  }

  get size(): number {
    return this.#byKey.size;
  }

  get archivedSize(): number {
    return this.#archive.size;
  }

  all(): Iterable<StreamRecord> {
    return this.#byKey.values();
  }

  /** Those of a source that were reported in this process, or have open connections from before. */
  ofSource(key: string): Iterable<StreamRecord> {
    return this.#bySource.get(key) ?? [];
  }

  async load(signal: AbortSignal): Promise<void> {
    // All at once: what has been read is decoded here while the store reads on.
    const [adjustments, identities, states] = await Promise.all([
      this.#adjustments.load(signal),
      this.#identities.load(signal),
      this.scope.load(signal),
      this.#archive.load(signal),
    ]);
    for (const adjustment of adjustments.values()) this.#book.add(adjustment);
    this.#identities.whileLoading(() => {
      for (const [key, state] of states) {
        const record = this.#add(key, state);
        const identity = identities.get(key);
        if (identity === undefined) continue;
        this.#identify(record, identity);
        if (hasOpen(state.totals, record.behaviours)) this.#list(record, sourceKey(ownerOfStream(key)));
      }
    });
  }

  /** The record of a stream; undefined for a stream without a total. */
  find(stream: Stream, staging: Staging): StreamRecord | undefined {
    const remembered = this.#bySeries.get(stream);
    if (remembered !== undefined) return remembered;
    const record = this.#byKey.get(stream.key);
    if (record === undefined) return undefined;
    this.keep(record, staging);
    this.#bind(record, stream, staging);
    return record;
  }

  /** Whether a stream has a total here, and not only in the archive. */
  has(key: string): boolean {
    return this.#byKey.has(key);
  }

  findArchived(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ArchivedStream>> {
    return this.#archive.find(keys, signal);
  }

  /** Takes a stream back from the archive, where it was found. */
  bringBack(key: string, found: ArchivedStream, staging: Staging): void {
    const record = this.#add(key, found.state);
    staging.transaction.onRolledBack(() => this.#forget(record));
    if (found.identity !== undefined) this.#identify(record, found.identity);
    this.#archive.take(key, found, staging.transaction);
  }

  /** Moves streams to the archive. They stay in memory, where they can be reported, until that is kept. */
  archive(records: readonly StreamRecord[], delivery: Delivery): void {
    const { transaction } = delivery;
    const moved = records.map((record) => {
      this.#unbind(record); // The next report has to look at it again.
      record.archived ??= this.#move(record, transaction);
      return { record, move: record.archived };
    });
    delivery.onCommitted(() => {
      // It may have come back and gone again since: that is another move, which is not kept yet.
      for (const { record, move } of moved) if (record.archived === move) this.#forget(record);
    });
  }

  #move(record: StreamRecord, transaction: Transaction): object {
    this.#archive.put(record.key, record, transaction);
    transaction.onRolledBack(() => {
      record.archived = undefined;
    });
    return {};
  }

  /** What is on its way to the archive stays, for something changes. */
  keep(record: StreamRecord, { transaction }: Staging): void {
    const { archived } = record;
    if (archived === undefined) return;
    record.archived = undefined;
    this.#archive.take(record.key, record, transaction);
    transaction.onRolledBack(() => {
      record.archived = archived;
      this.#unbind(record);
    });
  }

  create(stream: Stream, start: number, life: number, staging: Staging): StreamRecord {
    const record = this.#add(stream.key, newStream(start, stream.members.length, life));
    staging.transaction.onRolledBack(() => this.#forget(record));
    this.#bind(record, stream, staging);
    return record;
  }

  /** Keeps a correction, and shows it. Throws an `AdjustmentError` where it cannot be. */
  adjust(adjustment: Adjustment, staging: Staging): Adjusted {
    const record = this.#byKey.get(streamKey(adjustment.total.owner));
    const { identity } = record ?? {};
    if (record === undefined || identity === undefined) throw new AdjustmentError("there is no such total");
    const index = identity.shape.members.findIndex(({ series }) => isNumber(series, adjustment.total));
    const isTotal = record.behaviours[index] !== "level";
    this.keep(record, staging);
    const adjusted = this.#book.checked(adjustment, isTotal ? record.state.totals[index] : undefined);
    if (!this.#book.has(adjustment)) {
      this.#book.add(adjustment);
      staging.transaction.put(this.#adjustments, adjustmentKey(adjustment), adjustment);
      staging.transaction.onRolledBack(() => {
        this.#book.remove(adjustment);
        if (record.identity !== undefined) this.#identify(record, record.identity);
      });
      this.#identify(record, identity);
    }
    this.show(record, staging.shownAt(staging.at), staging);
    return adjusted;
  }

  /** Adds the row of a stream's present totals, and beside it what is uncertain of each. */
  show(record: StreamRecord, time: number, outgoing: Outgoing): void {
    this.#showTotals(record, time, outgoing);
    if (record.identity === undefined) return;
    if (!isCertain(record.state) || Math.abs(wholeSeconds(time) - record.certainAt) >= CERTAIN_PERIOD_SECONDS) {
      this.#showUncertain(record, time, outgoing);
    }
  }

  /** After a start: of which nothing is uncertain, that is not said here, for it has time. */
  showStored(record: StreamRecord, time: number, outgoing: Outgoing): void {
    if (this.#byKey.get(record.key) !== record) return; // It went to the archive since.
    this.#showTotals(record, time, outgoing);
    if (!isCertain(record.state)) this.#showUncertain(record, time, outgoing);
  }

  showCertain(record: StreamRecord, time: number, outgoing: Outgoing): void {
    if (record.certainAt === NEVER && isCertain(record.state)) {
      this.#showUncertain(record, time, outgoing);
    }
  }

  #showTotals(record: StreamRecord, time: number, outgoing: Outgoing): void {
    const { state, exported } = record;
    if (record.identity === undefined) return; // It was stored without an identity, and was not reported since.
    outgoing.rows.push(new Row(exported, state.lineage.start, time, state.totals, record.stream));
    for (const { series, corrections } of record.corrected) {
      outgoing.points.push({ series, start: state.lineage.start, time, value: corrections.sum });
    }
  }

  /** A stream of which nothing is uncertain says so once in a while: that is news to nobody. */
  #showUncertain(record: StreamRecord, time: number, { points }: Outgoing): void {
    const { state } = record;
    const uncertain = this.#uncertainOf(record);
    record.certainAt = isCertain(state) ? wholeSeconds(time) : NEVER;
    for (let index = 0; index < uncertain.length; index++) {
      const series = uncertain[index];
      if (series === undefined || Number.isNaN(state.totals[index]!)) continue;
      points.push({ series, start: 0, time, value: uncertainty(state, index) });
    }
  }

  #uncertainOf(record: StreamRecord): readonly (Series | undefined)[] {
    if (record.uncertain !== undefined || record.identity === undefined) return record.uncertain ?? [];
    record.uncertain =
      record.stream?.members.map(({ uncertain }) => uncertain && this.#identities.exportedAs(uncertain)) ??
      this.#identities.uncertain(record.identity);
    for (const series of record.uncertain) if (series !== undefined) this.#table.retain(series);
    return record.uncertain;
  }

  /** Nobody knows any more what a stream's levels are: those above zero have no value until they are reported again. */
  forgetLevels(record: StreamRecord, staging: Staging): void {
    const { state, behaviours, exported } = record;
    if (!hasOpen(state.totals, behaviours)) return;
    const totals = state.totals.slice();
    for (let index = 0; index < totals.length; index++) {
      if (behaviours[index] !== "level" || !(totals[index]! > 0)) continue;
      totals[index] = Number.NaN;
      const series = exported[index]!;
      const time = staging.shownAt(staging.at);
      staging.points.push({ series, start: 0, time, value: 0, extra: { noRecordedValue: true } });
    }
    const { lineage, last, reportAt, doubts, readings } = state;
    staging.transaction.change(this.scope, record, new StreamState(lineage, totals, last, reportAt, doubts, readings));
  }

  /** Lets go of every series. Nothing may be asked of the records afterwards. */
  dispose(): void {
    for (const record of this.#byKey.values()) this.#release(record);
    this.#byKey.clear();
    this.#bySource.clear();
    this.#bySeries.dispose();
  }

  #add(key: string, state: StreamState): StreamRecord {
    const record: StreamRecord = {
      key,
      state,
      rowOf: undefined,
      stream: undefined,
      identity: undefined,
      behaviours: NONE,
      exported: NONE,
      corrected: NONE,
      batch: 0,
      place: 0,
      certainAt: NEVER,
      uncertain: undefined,
      source: undefined,
      archived: undefined,
    };
    this.#byKey.set(key, record);
    return record;
  }

  #forget(record: StreamRecord): void {
    if (this.#byKey.get(record.key) === record) this.#byKey.delete(record.key);
    this.#bySource.get(record.source ?? "")?.delete(record);
    this.#unbind(record);
    this.#release(record);
  }

  #unbind(record: StreamRecord): void {
    if (record.stream !== undefined) this.#bySeries.delete(record.stream.series[0]!);
    record.stream = undefined;
  }

  /** Joins a record with a stream that is reported: for the first time, again after a restart, or by another identity. */
  #bind(record: StreamRecord, stream: Stream, staging: Staging): void {
    this.#unbind(record);
    this.#bySeries.set(stream.series[0]!, record);
    record.stream = stream;
    if (record.source === undefined) this.#list(record, stream.source.key);
    const before = record.identity;
    const identity = this.#identities.of(stream.members);
    if (before !== undefined && before.text === identity.text) return;
    const indexes = indexesIn(before, identity);
    if (record.state.totals.length !== indexes.length || indexes.some((from, index) => from !== index)) {
      staging.transaction.change(this.scope, record, withMembers(record.state, indexes));
    }
    this.#identify(record, identity);
    this.#identities.put(record.key, identity, staging.transaction);
    if (before === undefined) return; // A new record: it is forgotten as a whole.
    staging.transaction.onRolledBack(() => {
      this.#unbind(record);
      this.#identify(record, before);
    });
  }

  #list(record: StreamRecord, source: string): void {
    record.source = source;
    const streams = this.#bySource.get(source);
    if (streams === undefined) this.#bySource.set(source, new Set([record]));
    else streams.add(record);
  }

  #identify(record: StreamRecord, identity: StoredIdentity): void {
    const { stream } = record;
    const exported = stream
      ? stream.series.map((series) => this.#identities.exportedAs(series))
      : this.#identities.exported(identity);
    const corrected = this.#correctedOf(record.key, identity);
    for (const series of exported) this.#table.retain(series);
    for (const { series } of corrected) this.#table.retain(series);
    this.#release(record);
    record.identity = identity;
    record.behaviours = identity.shape.behaviours;
    record.exported = exported;
    record.corrected = corrected;
  }

  /** Lets go of what it is shown as. */
  #release(record: StreamRecord): void {
    for (const series of record.exported) this.#table.release(series);
    for (const series of record.uncertain ?? NONE) if (series !== undefined) this.#table.release(series);
    for (const { series } of record.corrected) this.#table.release(series);
    record.exported = NONE;
    record.uncertain = undefined;
    record.corrected = NONE;
  }

  #correctedOf(key: string, { shape, common }: StoredIdentity): StreamRecord["corrected"] {
    if (!this.#book.corrects(key)) return NONE;
    return shape.members.flatMap(({ series }) => {
      const corrections = this.#book.of(key, series);
      if (corrections === undefined) return [];
      return [{ series: this.#identities.exportedSeries(correctionsShape(series), common), corrections }];
    });
  }
}

const NONE: readonly never[] = [];

/** A small whole number stands in a record itself, any other behind it. */
function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/** Where the corrections of a total are shown: beside it, as a sum that may go either way. */
function correctionsShape(shape: SeriesShape): SeriesShape {
  const name = `${shape.metric.name}.adjustment`;
  const description = "Corrections by hand, to be added to the total of the same name.";
  return { ...shape, metric: { ...shape.metric, name, description, monotonic: false } };
}

/** By member, the index that it had before. Of a stream whose identity was not known, the same. */
function indexesIn(before: StoredIdentity | undefined, identity: StoredIdentity): readonly number[] {
  if (before === undefined) return identity.shape.members.map((_, index) => index);
  const keysBefore = keysOf(before);
  return keysOf(identity).map((key) => keysBefore.indexOf(key));
}

function keysOf({ shape, common }: StoredIdentity): readonly string[] {
  return shape.members.map((member) => memberKey(member, common));
}
