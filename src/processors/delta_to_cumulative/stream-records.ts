import type { Store } from "../../component/store.ts";
import type { MemberBehaviour, Series, Stream } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import { streamCodec } from "./codecs.ts";
import { Identities } from "./identities.ts";
import type { Cell, Outgoing, Staging } from "./staging.ts";
import { memberKey, type SeriesShape, type StoredIdentity } from "./stored-identity.ts";
import { newStream, type StreamState, uncertainty, withMembers } from "./stream-state.ts";

/** One stream in memory: its state, and the series that its totals are exported as, pinned while there is a total. */
export interface StreamRecord extends Cell<StreamState> {
  /** As it was reported last; undefined from a restart until then. */
  stream: Stream | undefined;
  identity: StoredIdentity | undefined;
  behaviours: readonly MemberBehaviour[];
  exported: readonly Series[];
  uncertain: readonly (Series | undefined)[];
  unpin: readonly (() => void)[];
  /** The batch that it was last part of, and the time of its row there. */
  batch: number;
  time: number;
  /** When it was last shown that nothing of it is uncertain; never, while something is. */
  certainAt: number;
}

function isCertain({ doubts, readings }: StreamState): boolean {
  return doubts === undefined && readings === undefined;
}

/** How often a series says that nothing is uncertain, while its total moves on. */
const CERTAIN_PERIOD_MS = 60_000;

/** All streams with a total: in memory by the series that are reported, in the store by the stream's lasting key. */
export class StreamRecords {
  readonly scope;
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, StreamRecord>();
  /** By the first of its series. */
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

  /** The record of a stream; undefined for a stream without a total. */
  find(stream: Stream, staging: Staging): StreamRecord | undefined {
    const remembered = this.#bySeries.get(stream.series[0]!);
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

  /** Adds the row of a stream's present totals, and beside it what is uncertain of each. */
  show(record: StreamRecord, time: number, outgoing: Outgoing): void {
    const { state, exported } = record;
    if (exported.length === 0) return; // It was stored without an identity, and was not reported since.
    outgoing.rows.push({ series: exported, start: state.lineage.start, time, values: state.totals });
    if (!isCertain(state) || Math.abs(time - record.certainAt) >= CERTAIN_PERIOD_MS) {
      this.#showUncertain(record, time, outgoing);
    }
  }

  /** A stream of which nothing is uncertain says so once in a while: that is news to nobody. */
  #showUncertain(record: StreamRecord, time: number, { points }: Outgoing): void {
    const { state, uncertain } = record;
    record.certainAt = isCertain(state) ? time : Number.NEGATIVE_INFINITY;
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
    if (record.stream !== undefined) this.#bySeries.delete(record.stream.series[0]!);
    record.stream = undefined;
  }

  /** Joins a record with a stream that is reported: for the first time, again after a restart, or by another identity. */
  #bind(record: StreamRecord, stream: Stream, staging: Staging): void {
    this.#unbind(record);
    this.#bySeries.set(stream.series[0]!, record);
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
