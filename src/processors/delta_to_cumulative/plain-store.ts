import type { Codec, StateScope, Store, Transaction } from "../../component/store.ts";
import type { Series } from "../../model/series.ts";
import { plainCodec } from "./codecs.ts";
import type { Identities } from "./identities.ts";
import { type PlainRecord, type PlainRow, totalOf } from "./plain-row.ts";
import type { PlainState } from "./plain-sums.ts";
import type { StoredIdentity } from "./stored-identity.ts";

/** Those of one processor, by the series that they are exported as. */
export type RecordMap = ReadonlyMap<Series, PlainRecord>;

export interface StoredPlain {
  readonly identity: StoredIdentity;
  readonly state: PlainState;
  /** Of its rows, where it has rows. */
  readonly key?: string;
}

/**
 * What is stored of series that stand alone. In a durable store each has a row for its total, and one for its identity. A
 * store that ends with the process is given the records themselves, once: whoever loads them finds them as they are by
 * then. So nothing is kept twice.
 */
export class PlainStore {
  readonly #store: Store;
  readonly #totals: StateScope<PlainState | undefined>;
  readonly #identities: Identities;
  readonly #held: StateScope<readonly RecordMap[]>;
  readonly #records: readonly RecordMap[];
  #isGiven = false;

  constructor(store: Store, identities: Identities, records: readonly RecordMap[]) {
    this.#store = store;
    this.#totals = store.scope<PlainState | undefined>(plainCodec as Codec<PlainState | undefined>, "series");
    this.#held = store.scope(neverEncoded, "series_held");
    this.#identities = identities;
    this.#records = records;
  }

  async load(signal: AbortSignal): Promise<readonly StoredPlain[]> {
    const stored: StoredPlain[] = [];
    if (!this.#store.durable) {
      for (const maps of (await this.#held.load(signal)).values()) {
        for (const record of maps.flatMap((map) => [...map.values()])) {
          const state = totalOf(record);
          if (state !== undefined) stored.push({ identity: record.identity, state });
        }
      }
      return stored;
    }
    const identities = await this.#identities.load(signal);
    for (const [key, state] of await this.#totals.load(signal)) {
      const identity = identities.get(key);
      if (identity !== undefined && state !== undefined) stored.push({ identity, state, key });
    }
    return stored;
  }

  create(record: PlainRecord, transaction: Transaction): void {
    if (this.#store.durable) this.#identities.put(record.key, record.identity, transaction);
    else this.#give(transaction);
  }

  change(record: PlainRecord, state: PlainState, transaction: Transaction): void {
    if (this.#store.durable) {
      transaction.change(this.#totals, record, state);
      return;
    }
    this.#give(transaction);
    const before = record.state;
    record.state = state;
    transaction.onRolledBack(() => {
      record.state = before;
    });
  }

  /** The totals of a row are others. */
  changeRow(row: PlainRow, transaction: Transaction): void {
    if (!this.#store.durable) {
      this.#give(transaction);
      return;
    }
    for (const { records } of row.parts) {
      for (const record of records) transaction.put(this.#totals, record.key, totalOf(record));
    }
  }

  delete(record: PlainRecord, transaction: Transaction): void {
    if (!this.#store.durable) {
      this.#give(transaction);
      return;
    }
    transaction.delete(this.#totals, record.key);
    this.#identities.delete(record.key, transaction);
  }

  /** From the first change on, for what was there before is somebody else's until then. */
  #give(transaction: Transaction): void {
    if (this.#isGiven) return;
    this.#isGiven = true;
    transaction.put(this.#held, "records", this.#records);
    transaction.onRolledBack(() => {
      this.#isGiven = false;
    });
  }
}

const neverEncoded: Codec<readonly RecordMap[]> = {
  encode: unreachable,
  decode: unreachable,
};

function unreachable(): never {
  throw new Error("BUG: what ends with the process was encoded");
}
