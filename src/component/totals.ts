import type { StreamOwner } from "../model/stream-key.ts";
import type { Change, Codec } from "./store.ts";

/** Totals as an operator reads and corrects them: in a store, whether or not an agent runs on it. */

/** Which number of which stream. */
export interface TotalName {
  readonly owner: StreamOwner;
  readonly metric: string;
  /** `receive` or `transmit`; absent where the number has no direction. */
  readonly direction?: string | undefined;
}

/** One number of one stream. Times are milliseconds since the epoch. */
export interface StoredTotal extends TotalName {
  readonly unit: string;
  /** What was counted. It never falls. */
  readonly value: number;
  /** By how much it could be too low; undefined where that is not known of this number. */
  readonly uncertain: number | undefined;
  /** The sum of its corrections, which stand beside what was counted. */
  readonly adjustment: number;
  /** The start of the total. */
  readonly startAt: number;
  /** When its stream was last reported, which happens when something of it has changed; 0 where that is not known. */
  readonly reportAt: number;
  /** How often its counters began, as far as that was told or seen. */
  readonly epochs: number;
}

/** A correction: an entry of its own, with a reason, that is never changed. */
export interface Adjustment {
  /** Unique; whoever sends it twice under one id has it counted once. */
  readonly id: string;
  readonly total: TotalName;
  /** Whole; below zero to bill less. */
  readonly by: number;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What a total comes to with a correction, and with those before it. */
export interface Adjusted {
  readonly value: number;
  readonly adjustment: number;
}

/** A correction that cannot be; the message says why. */
export class AdjustmentError extends Error {
  override readonly name = "AdjustmentError";
}

/** One component's rows in a store that nobody changes meanwhile. A row that cannot be read is left out. */
export interface StoredRows {
  rows<T>(codec: Codec<T>, name: string): Iterable<readonly [key: string, value: T]>;
  row<T>(codec: Codec<T>, name: string, key: string): T | undefined;
}

/** What a component that keeps totals can do with those in a store, without an instance of it. */
export interface StoredTotals {
  /** In no order; of all streams, or of those that `isWanted`. */
  read(rows: StoredRows, isWanted?: (owner: StreamOwner) => boolean): Iterable<StoredTotal>;
  adjustments(rows: StoredRows): Iterable<Adjustment>;
  /** The change that keeps a correction, if it is not there yet. Throws an `AdjustmentError` where it cannot be. */
  adjust(rows: StoredRows, adjustment: Adjustment): Adjusted & { readonly change: ScopeChange | undefined };
}

/** A change of one of the component's own scopes, by the scope's name. */
export interface ScopeChange extends Omit<Change, "scope"> {
  readonly name: string;
  readonly codec: Codec<unknown>;
}
