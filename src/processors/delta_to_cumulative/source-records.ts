import type { Cell, Store, Transaction } from "../../component/store.ts";
import type { Series, Source } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { Identities } from "./identities.ts";
import { sourceCodec } from "./source-codec.ts";
import { newSource, type OtherLevels, type SourceState } from "./source-state.ts";
import type { Outgoing, Staging } from "./staging.ts";
import type { StoredIdentity } from "./stored-identity.ts";

/** One source in memory. */
export interface SourceRecord extends Cell<SourceState> {
  identity: StoredIdentity | undefined;
  /** What is told of it, and where that is shown. */
  reported: Series | undefined;
  unreported: Series | undefined;
  /** What was added of it last. */
  shown: { readonly unreportedMs: number; readonly at: number } | undefined;
  readonly others: () => OtherLevels;
}

const SHOWN_PERIOD_MS = 60_000;

/** All sources, by their lasting keys. */
export class SourceRecords {
  readonly #scope;
  readonly #identities;
  readonly #table: SeriesTable;
  readonly #byKey = new Map<string, SourceRecord>();
  /** The levels of one service share the series of their time without reports. */
  readonly #byUnreported = new Map<Series, readonly SourceRecord[]>();

  constructor(store: Store, table: SeriesTable) {
    this.#scope = store.scope(sourceCodec, "sources");
    this.#identities = new Identities(store, table, "source");
    this.#table = table;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** One of those that share a series, for each series that there is something to show of. */
  *shown(): Iterable<SourceRecord> {
    for (const levels of this.#byUnreported.values()) {
      if (levels.some(({ state }) => state.reportAt > 0)) yield levels[0]!;
    }
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
      this.#unshow(record);
    });
    this.#bind(record, source, transaction);
    return record;
  }

  change(record: SourceRecord, state: SourceState, staging: Staging): void {
    if (state !== record.state) staging.transaction.change(this.#scope, record, state);
  }

  /** Adds the time without reports, which seldom is another one: where it is, and once in a while. */
  showNews(record: SourceRecord, time: number, staging: Staging): void {
    const { state, shown } = record;
    if (shown?.unreportedMs === state.unreportedMs && Math.abs(time - shown.at) < SHOWN_PERIOD_MS) return;
    record.shown = { unreportedMs: state.unreportedMs, at: time };
    staging.transaction.onRolledBack(() => {
      record.shown = undefined;
    });
    this.show(record, time, staging);
  }

  show({ unreported }: SourceRecord, time: number, { points }: Outgoing): void {
    if (unreported === undefined) return;
    let start = Number.POSITIVE_INFINITY;
    let unreportedMs = 0;
    for (const { state } of this.#byUnreported.get(unreported) ?? []) {
      start = Math.min(start, state.since);
      unreportedMs = Math.max(unreportedMs, state.unreportedMs);
    }
    points.push({ series: unreported, start, time, value: unreportedMs / 1000 });
  }

  dispose(): void {
    for (const { unreported } of this.#byKey.values()) if (unreported !== undefined) this.#table.release(unreported);
    this.#byKey.clear();
    this.#byUnreported.clear();
  }

  #add(key: string, state: SourceState): SourceRecord {
    const record: SourceRecord = {
      key,
      state,
      rowOf: undefined,
      identity: undefined,
      reported: undefined,
      unreported: undefined,
      shown: undefined,
      others: () => this.#others(record),
    };
    this.#byKey.set(key, record);
    return record;
  }

  #bind(record: SourceRecord, { unreported }: Source, transaction: Transaction): void {
    if (unreported === undefined || unreported === record.reported) return;
    record.reported = unreported;
    const identity = this.#identities.ofSeries(unreported, "cumulative");
    const before = record.identity;
    if (before !== undefined && before.text === identity.text) return;
    this.#identify(record, identity);
    this.#identities.put(record.key, identity, transaction);
    transaction.onRolledBack(() => {
      record.reported = undefined; // Whatever comes next binds again, and stores the identity then.
      if (before === undefined) record.identity = undefined;
      else this.#identify(record, before);
    });
  }

  #identify(record: SourceRecord, identity: StoredIdentity): void {
    const series = this.#identities.exported(identity)[0]!;
    this.#table.retain(series);
    this.#unshow(record);
    record.identity = identity;
    record.unreported = series;
    record.shown = undefined;
    this.#byUnreported.set(series, [...(this.#byUnreported.get(series) ?? []), record]);
  }

  #unshow(record: SourceRecord): void {
    if (record.unreported === undefined) return;
    this.#table.release(record.unreported);
    const levels = this.#byUnreported.get(record.unreported)!.filter((level) => level !== record);
    if (levels.length > 0) this.#byUnreported.set(record.unreported, levels);
    else this.#byUnreported.delete(record.unreported);
    record.unreported = undefined;
  }

  #others(record: SourceRecord): OtherLevels {
    let [reportAt, accountedAt, unreportedMs] = [0, 0, 0];
    const levels = record.unreported === undefined ? undefined : this.#byUnreported.get(record.unreported);
    for (const level of levels ?? []) {
      if (level === record) continue;
      reportAt = Math.max(reportAt, level.state.reportAt);
      accountedAt = Math.max(accountedAt, level.state.accountedAt);
      unreportedMs = Math.max(unreportedMs, level.state.unreportedMs);
    }
    return { reportAt, accountedAt, unreportedMs };
  }
}
