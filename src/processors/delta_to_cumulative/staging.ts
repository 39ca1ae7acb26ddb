import type { Transaction } from "../../component/store.ts";
import { BatchDraft } from "../../model/batch-draft.ts";
import type { Point, Row } from "../../model/points.ts";

/** A batch that is being put together. */
export interface Outgoing {
  readonly rows: Row[];
  readonly points: Point[];
}

/** Adds what shows one stream, source or series as it is at that time. */
export type Show = (at: number, outgoing: Outgoing) => void;

/** One batch on its way through: what it changes, and what it becomes. */
export class Staging implements Outgoing {
  readonly transaction: Transaction;
  /** When the batch arrived, by our clock. */
  readonly at: number;
  /** For series that stand alone, of which a batch can have rows and points. */
  readonly draft = new BatchDraft();
  readonly rows: Row[] = this.draft.rows;
  readonly points: Point[] = this.draft.points;
  /** When it went on, if it had to wait. */
  resumedAt = 0;

  constructor(transaction: Transaction, at: number) {
    this.transaction = transaction;
    this.at = at;
  }

  /** The time that is shown with what came at `time`: others may have overtaken what waited, and no series goes back in time. */
  shownAt(time: number): number {
    return Math.max(time, this.resumedAt);
  }
}
