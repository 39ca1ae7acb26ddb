import type { Store } from "../../component/store.ts";
import type { Point } from "../../model/points.ts";
import type { MemberBehaviour, Series, Stream } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { streamCodec } from "./codecs.ts";
import { Identities } from "./identities.ts";
import { newStream, type StreamState, uncertainty, withMembers } from "./lineage.ts";
import type { Cell, Staging } from "./staging.ts";
import { memberKey, type SeriesShape, type StoredIdentity } from "./stored-identity.ts";

/** One stream in memory: its state, and the series that its totals are exported as, pinned while there is a total. */
export interface StreamRecord extends Cell<StreamState> {
  /** As it was reported last; undefined from a restart until then. */
  stream: Stream | undefined;
  identity: StoredIdentity | undefined;
  behaviours: readonly MemberBehaviour[];
  exported: readonly Series[];
  uncertain: readonly (Series | undefined)[];
  unpin: readonly (() => void)[];
  /** The batch that it was last part of, and the time of its points there. */
  batch: number;
  time: number;
  /** When it was last shown that nothing of it is uncertain; never, while something is. */
  certainAt: number;
}

/** How often a series says that nothing is uncertain, while its total moves on. */
const CERTAIN_PERIOD_MS = 60_000;

/** All streams with a total: in memory by the series that are reported, in the store by the stream's lasting key. */
export class StreamRecords {
  readonly scope;
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, StreamRecord>();
  readonly #bySeries: Memo<StreamRecord>;

  constructor(store: Store, table: SeriesTable) {
    this.scope = store.scope(streamCodec, "streams");
    this.#identities = new Identities(store, table, "stream");
    this.#table = table;
    this.#bySeries = table.memo<StreamRecord>();
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): Iterable<StreamRecord> {
    return this.#byKey.values();
  }

  async load(signal: AbortSignal): Promise<void> {
    const identities = await this.#identities.load(signal);
    const states = await this.scope.load(signal);
    this.#identities.whileLoading(() => {
      for (const [key, state] of states) {
        const record = this.#add(key, state);
        const identity = identities.get(key);
        if (identity !== undefined) this.#identify(record, identity);
      }
    });
  }

  /** The record of the stream that a point belongs to; undefined for a stream without a total. */
  find(series: Series, stream: Stream, staging: Staging): StreamRecord | undefined {
    const remembered = this.#bySeries.get(series);
    if (remembered !== undefined) return remembered;
    const record = this.#byKey.get(stream.key);
    if (record !== undefined) this.#bind(record, stream, staging);
    return record;
  }

  create(stream: Stream, start: number, life: number, staging: Staging): StreamRecord {
    const record = this.#add(stream.key, newStream(start, stream.members.length, life));
    staging.transaction.onRolledBack(() => this.#forget(record));
    this.#bind(record, stream, staging);
    return record;
  }

  /** Adds the points that show a stream's present totals, and beside them what is uncertain of each. */
  show(record: StreamRecord, time: number, points: Point[]): void {
    const { state, exported } = record;
    const { totals } = state;
    const { start } = state.lineage;
    for (let index = 0; index < exported.length; index++) {
      const value = totals[index]!;
      if (!Number.isNaN(value)) points.push({ series: exported[index]!, start, time, value });
    }
    if (state.doubts !== undefined || Math.abs(time - record.certainAt) >= CERTAIN_PERIOD_MS) {
      this.#showUncertain(record, time, points);
    }
  }

  /** A stream of which nothing is uncertain says so once in a while: that is news to nobody. */
  #showUncertain(record: StreamRecord, time: number, points: Point[]): void {
    const { state, uncertain } = record;
    record.certainAt = state.doubts === undefined ? time : Number.NEGATIVE_INFINITY;
    for (let index = 0; index < uncertain.length; index++) {
      const series = uncertain[index];
      if (series === undefined || Number.isNaN(state.totals[index]!)) continue;
      points.push({ series, start: 0, time, value: uncertainty(state, index) });
    }
  }

  /** Lets go of every series. Nothing may be asked of the records afterwards. */
  dispose(): void {
    for (const record of this.#byKey.values()) for (const unpin of record.unpin) unpin();
    this.#byKey.clear();
    this.#bySeries.dispose();
  }

  #add(key: string, state: StreamState): StreamRecord {
    const record: StreamRecord = {
      key,
      state,
      stream: undefined,
      identity: undefined,
      behaviours: [],
      exported: [],
      uncertain: [],
      unpin: [],
      batch: 0,
      time: 0,
      certainAt: Number.NEGATIVE_INFINITY,
    };
    this.#byKey.set(key, record);
    return record;
  }

  #forget(record: StreamRecord): void {
    this.#byKey.delete(record.key);
    this.#unbind(record);
    for (const unpin of record.unpin) unpin();
  }

  #unbind(record: StreamRecord): void {
    for (const { series } of record.stream?.members ?? []) this.#bySeries.delete(series);
    record.stream = undefined;
  }

  /** Joins a record with a stream that is reported: for the first time, again after a restart, or by another identity. */
  #bind(record: StreamRecord, stream: Stream, staging: Staging): void {
    this.#unbind(record);
    for (const { series } of stream.members) this.#bySeries.set(series, record);
    record.stream = stream;
    const before = record.identity;
    const identity = this.#identities.of(stream.members);
    if (before?.text === identity.text) return;
    const keysBefore = before && keysOf(before);
    const indexes = keysOf(identity).map((key, index) => keysBefore?.indexOf(key) ?? index);
    if (record.state.totals.length !== indexes.length || indexes.some((from, index) => from !== index)) {
      staging.change(this.scope, record, withMembers(record.state, indexes));
    }
    this.#identify(record, identity);
    this.#identities.put(record.key, identity, staging.transaction);
    if (before === undefined) return; // A new record: it is forgotten as a whole.
    staging.transaction.onRolledBack(() => {
      this.#unbind(record);
      this.#identify(record, before);
    });
  }

  #identify(record: StreamRecord, identity: StoredIdentity): void {
    const { common } = identity;
    const { members } = identity.shape;
    const exported = (series: SeriesShape) => this.#identities.exported(series, common);
    const earlier = record.unpin;
    record.identity = identity;
    record.behaviours = members.map(({ behaviour }) => behaviour);
    record.exported = members.map(({ series }) => exported(series));
    record.uncertain = members.map(({ uncertain }) => uncertain && exported(uncertain));
    record.unpin = [...record.exported, ...record.uncertain.filter((series) => series !== undefined)].map((series) =>
      this.#table.pin(series),
    );
    for (const unpin of earlier) unpin();
  }
}

function keysOf({ shape, common }: StoredIdentity): readonly string[] {
  return shape.members.map((member) => memberKey(member, common));
}
