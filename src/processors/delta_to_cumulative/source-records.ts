import type { Store, Transaction } from "../../component/store.ts";
import type { Point } from "../../model/points.ts";
import type { Series, Source } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { sourceCodec } from "./codecs.ts";
import { Identities } from "./identities.ts";
import { newSource, type SourceState } from "./source-state.ts";
import type { Cell, Staging } from "./staging.ts";
import type { StoredIdentity } from "./stored-identity.ts";

/** One source in memory. */
export interface SourceRecord extends Cell<SourceState> {
  identity: StoredIdentity | undefined;
  /** What is told of it, and where that is shown. */
  reported: Series | undefined;
  unreported: Series | undefined;
  unpin: () => void;
}

/** All sources, by their lasting keys. */
export class SourceRecords {
  readonly #scope;
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, SourceRecord>();

  constructor(store: Store, table: SeriesTable) {
    this.#scope = store.scope(sourceCodec, "sources");
    this.#identities = new Identities(store, table, "source");
    this.#table = table;
  }

  get size(): number {
    return this.#byKey.size;
  }

  all(): Iterable<SourceRecord> {
    return this.#byKey.values();
  }

  async load(signal: AbortSignal): Promise<void> {
    const identities = await this.#identities.load(signal);
    for (const [key, state] of await this.#scope.load(signal)) {
      const record = this.#add(key, state);
      const identity = identities.get(key);
      if (identity !== undefined) this.#identify(record, identity);
    }
  }

  find(source: Source, transaction: Transaction): SourceRecord | undefined {
    const record = this.#byKey.get(source.key);
    if (record !== undefined) this.#bind(record, source, transaction);
    return record;
  }

  create(source: Source, at: number, transaction: Transaction): SourceRecord {
    const record = this.#add(source.key, newSource(at));
    transaction.onRolledBack(() => {
      this.#byKey.delete(record.key);
      record.unpin();
    });
    this.#bind(record, source, transaction);
    return record;
  }

  change(record: SourceRecord, state: SourceState, staging: Staging): void {
    if (state !== record.state) staging.change(this.#scope, record, state);
  }

  show({ state, unreported }: SourceRecord, time: number, points: Point[]): void {
    if (unreported === undefined) return;
    points.push({ series: unreported, start: state.since, time, value: state.unreportedMs / 1000 });
  }

  dispose(): void {
    for (const record of this.#byKey.values()) record.unpin();
    this.#byKey.clear();
  }

  #add(key: string, state: SourceState): SourceRecord {
    const record: SourceRecord = {
      key,
      state,
      identity: undefined,
      reported: undefined,
      unreported: undefined,
      unpin: () => {},
    };
    this.#byKey.set(key, record);
    return record;
  }

  #bind(record: SourceRecord, { unreported }: Source, transaction: Transaction): void {
    if (unreported === undefined || unreported === record.reported) return;
    record.reported = unreported;
    const identity = this.#identities.ofSeries(unreported, "cumulative");
    const before = record.identity;
    if (before?.text === identity.text) return;
    this.#identify(record, identity);
    this.#identities.put(record.key, identity, transaction);
    transaction.onRolledBack(() => {
      record.reported = undefined; // Whatever comes next binds again, and stores the identity then.
      if (before === undefined) record.identity = undefined;
      else this.#identify(record, before);
    });
  }

  #identify(record: SourceRecord, identity: StoredIdentity): void {
    const earlier = record.unpin;
    record.identity = identity;
    record.unreported = this.#identities.exported(identity.shape.members[0]!.series, identity.common);
    record.unpin = this.#table.pin(record.unreported);
    earlier();
  }
}
