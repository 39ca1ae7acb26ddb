/** A request holds more items than it may. */
export class TooManyItems extends Error {
  override readonly name = "TooManyItems";
}

/**
 * Counts items (points, spans, log records, and what lies in them: events, links, exemplars) while they are read. An empty
 * one takes two bytes on the wire and a hundred in memory, so the size of a request does not bound what it becomes.
 */
export class ItemBudget {
  readonly #itemsMax: number;
  #items = 0;

  constructor(itemsMax = Number.POSITIVE_INFINITY) {
    this.#itemsMax = itemsMax;
  }

  take(count = 1): void {
    this.#items += count;
    if (this.#items > this.#itemsMax) throw new TooManyItems(`at most ${this.#itemsMax} items are taken in a request`);
  }
}
