import type { StateScope, Transaction } from "../../component/store.ts";
import type { Point, Row } from "../../model/points.ts";

/** Something with an immutable state that deliveries replace. */
export interface Cell<T> {
  readonly key: string;
  state: T;
}

/** A batch that is being put together. */
export interface Outgoing {
  readonly rows: Row[];
  readonly points: Point[];
}

/**
 * What one batch changes, and the rows and points that it becomes. States are replaced in memory at once and staged for the
 * store; when the delivery is rolled back, memory gets back what it was, last first.
 */
export class Staging implements Outgoing {
  readonly transaction: Transaction;
  /** When the batch arrived, by our clock. */
  readonly at: number;
  readonly rows: Row[] = [];
  readonly points: Point[] = [];
  readonly #cells: Cell<unknown>[] = [];
  readonly #befores: unknown[] = [];

  constructor(transaction: Transaction, at: number) {
    this.transaction = transaction;
    this.at = at;
    transaction.onRolledBack(() => this.#undo());
  }

  change<T>(scope: StateScope<T>, cell: Cell<T>, state: T): void {
    this.#cells.push(cell as Cell<unknown>);
    this.#befores.push(cell.state);
    cell.state = state;
    this.transaction.put(scope, cell.key, state);
  }

  #undo(): void {
    for (let index = this.#cells.length - 1; index >= 0; index--) this.#cells[index]!.state = this.#befores[index];
  }
}
