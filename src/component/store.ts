import { viewOf } from "../lib/view-of.ts";

/** What a stateful component keeps, and where. The store behind it is memory, or a file: components cannot tell. */

/** A stored value as bytes, and back. Versioned by its owner: the first byte or member says which format it is. */
export interface Codec<T> {
  encode(value: T): Uint8Array;
  /** Throws when the bytes are not a value of a known version: the row is then set aside, named and counted. */
  decode(bytes: Uint8Array): T;
  /** For values that change with every report: the same bytes, written and read right where they are. */
  readonly direct?: DirectCodec<T>;
}

export interface DirectCodec<T> {
  /** How many bytes `write` will write. */
  size(value: T): number;
  write(value: T, target: DataView, offset: number): void;
  /** Throws as `decode` does. */
  read(source: DataView, offset: number, size: number): T;
}

/** The whole codec of what can be written and read in place. */
export function codecOf<T>(direct: DirectCodec<T>): Codec<T> {
  return {
    encode(value) {
      const bytes = new Uint8Array(direct.size(value));
      direct.write(value, new DataView(bytes.buffer), 0);
      return bytes;
    },
    decode: (bytes) => direct.read(viewOf(bytes), 0, bytes.byteLength),
    direct,
  };
}

/** Keyed values of one component, written by the transaction of a delivery. */
export interface ValueScope<T> {
  readonly name: string;
  readonly codec: Codec<T>;
  /** The part of the scope of this name that rests, see `archiveOf`. */
  readonly archived?: true;
}

/** The keyed values that a component has in memory as well: read by `load`. */
export interface StateScope<T> extends ValueScope<T> {
  /** Everything that was committed, in no order. Called once, from `Component.load`. */
  load(signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
}

/**
 * Where values of a scope rest that are not used for a long time: under the same keys, as many as the store has room for,
 * and none of them in memory. `Store.find` reads them, `load` and `page` leave them out. A component that moves a value
 * stages both halves of that: `put` here and `delete` there, or the other way round.
 */
export function archiveOf<T>({ name, codec }: ValueScope<T>): ValueScope<T> {
  return { name, codec, archived: true };
}

/** The rows behind the key `after` (from the first where it is absent), `rowsMax` of them at the most. */
export interface PageRange {
  readonly after: string | undefined;
  readonly rowsMax: number;
}

export interface Page<T> {
  readonly rows: readonly (readonly [key: string, value: T])[];
  /** Where the next page goes on; absent at the end. */
  readonly last: string | undefined;
}

export interface Store {
  /** False when everything ends with the process. */
  readonly durable: boolean;
  /**
   * The component's scope. `name` parts several kinds of state of one component; by default it has one. To be asked for
   * in `create`, and throws afterwards: who keeps state has to be known before anything starts, for a reload does not
   * start two on one state.
   */
  scope<T>(codec: Codec<T>, name?: string): StateScope<T>;
  /** A part of what was committed, in the order of keys: for more than memory should hold. Whenever `load` may be called, and later. */
  page<T>(scope: StateScope<T>, range: PageRange, signal: AbortSignal): Promise<Page<T>>;
  /** Those of the keys that were committed. Whenever `load` may be called, and later. */
  find<T>(scope: ValueScope<T>, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
  /** How many values were committed. */
  count(scope: ValueScope<unknown>, signal: AbortSignal): Promise<number>;
}

/** Something in a component's memory with an immutable state, which a row of a scope keeps. */
export interface Cell<T> {
  readonly key: string;
  state: T;
  /** The store's own: set while its row is this cell, and so always has the state that was committed last. */
  rowOf?: object | undefined;
}

/**
 * What one delivery changes, staged until its commit. Staged values are immutable: a component that changes its mind
 * puts another one. So a value is encoded once for each commit, whenever that is convenient, or not at all in memory.
 *
 * A component's own memory runs ahead of the store: it changes when the delivery runs, so that the next delivery builds
 * on it. When the delivery fails, that is taken back: the engine goes, last first, over what every delivery staged that
 * was not committed, and puts back the states of cells; each `undo` of `onRolledBack` does the same for what is no cell.
 * They must not throw.
 */
export interface Transaction {
  /** Gives a cell another state, at once in memory. When the delivery fails, the cell gets back the one that it had. */
  change<T>(scope: StateScope<T>, cell: Cell<T>, state: T): void;
  /**
   * In a store that ends with the process the value may be a part of the component's memory that goes on changing: its
   * successor, which loads when the component has stopped, finds it as it was left.
   */
  put<T>(scope: ValueScope<T>, key: string, value: T): void;
  delete<T>(scope: ValueScope<T>, key: string): void;
  onRolledBack(undo: () => void): void;
}

/** One staged change; `value` undefined takes the row away. */
export interface Change {
  readonly scope: ValueScope<unknown>;
  readonly key: string;
  readonly value: unknown;
  /** Whose state the value is, where it is one's. */
  readonly cell?: Cell<unknown> | undefined;
}

/**
 * The seam below the store: memory, a file, or a simulated disk. `commit` keeps all changes or none, and is synchronous
 * where nothing is waited for; a later change of a key wins. It rejects when the changes are certainly not kept, and with
 * `CommitUnknownError` when that cannot be said.
 */
export interface StoreBackend {
  readonly durable: boolean;
  /** Where a person finds what it keeps, such as a folder's path. */
  readonly place?: string | undefined;
  load<T>(scope: StateScope<T>, signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
  page<T>(scope: StateScope<T>, range: PageRange, signal: AbortSignal): Promise<Page<T>>;
  find<T>(scope: ValueScope<T>, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, T>>;
  count(scope: ValueScope<unknown>, signal: AbortSignal): Promise<number>;
  commit(changes: readonly Change[], signal: AbortSignal): void | Promise<void>;
  /**
   * Calls `ready` once, and soon: then whatever is staged by that time is to be committed together. Asked before each
   * commit. Absent where a commit costs no more than its changes, so that none has to wait for others.
   */
  gather?(ready: () => void): void;
  /** Absent where nobody's state can go over to somebody else. */
  readonly scopes?: StoredScopes | undefined;
}

/** The scopes of a store as a whole: for whoever decides whose state is whose. */
export interface StoredScopes {
  /** The names of those that have rows. */
  names(signal: AbortSignal): Promise<readonly string[]>;
  /** Gives scopes other names, all or none; rejects where one would get the name of a scope that has rows. */
  rename(renames: readonly ScopeRename[], signal: AbortSignal): Promise<void>;
}

export interface ScopeRename {
  readonly from: string;
  readonly to: string;
}

/** The commit was given up while its outcome was open: it may yet be kept. */
export class CommitUnknownError extends Error {
  override readonly name = "CommitUnknownError";
}
