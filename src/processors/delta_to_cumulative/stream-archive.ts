import { archiveOf, type StateScope, type Store, type Transaction } from "../../component/store.ts";
import type { Identities } from "./identities.ts";
import type { StoredIdentity } from "./stored-identity.ts";
import type { StreamState } from "./stream-state.ts";

/** A stream in the archive. Without an identity that one was set aside; the next report brings another. */
export interface ArchivedStream {
  readonly state: StreamState;
  readonly identity: StoredIdentity | undefined;
}

/** Streams that were not reported for a long time: in the store alone, found by their keys. */
export class StreamArchive {
  readonly #store: Store;
  readonly #scope: StateScope<StreamState>;
  readonly #identities: Identities;
  #size = 0;

  constructor(store: Store, scope: StateScope<StreamState>, identities: Identities) {
    this.#store = store;
    this.#scope = scope;
    this.#identities = identities;
  }

  get size(): number {
    return this.#size;
  }

  async load(signal: AbortSignal): Promise<void> {
    this.#size = await this.#store.count(archiveOf(this.#scope), signal);
  }

  async find(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ArchivedStream>> {
    const states = await this.#store.find(archiveOf(this.#scope), keys, signal);
    const identities = await this.#identities.findArchived([...states.keys()], signal);
    return new Map([...states].map(([key, state]) => [key, { state, identity: identities.get(key) }]));
  }

  /** Moves a stream here. */
  put(key: string, { state, identity }: ArchivedStream, transaction: Transaction): void {
    transaction.put(archiveOf(this.#scope), key, state);
    transaction.delete(this.#scope, key);
    if (identity !== undefined) this.#identities.archive(key, identity, transaction);
    this.#count(1, transaction);
  }

  /** Moves a stream back. */
  take(key: string, { state, identity }: ArchivedStream, transaction: Transaction): void {
    transaction.put(this.#scope, key, state);
    transaction.delete(archiveOf(this.#scope), key);
    if (identity !== undefined) this.#identities.unarchive(key, identity, transaction);
    this.#count(-1, transaction);
  }

  #count(more: number, transaction: Transaction): void {
    this.#size += more;
    transaction.onRolledBack(() => {
      this.#size -= more;
    });
  }
}
