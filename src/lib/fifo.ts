/** First in, first out, without the cost of an array's `shift` when it is long. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** The item at this place, counted from the oldest. */
  at(place: number): T | undefined {
    return place < 0 ? undefined : this.#items[this.#head + place];
  }

  last(): T | undefined {
    return this.at(this.length - 1);
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head >= 1024 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  /** Takes out the item at this place; only for the rare case, it moves what is behind. */
  removeAt(place: number): T | undefined {
    return place === 0 ? this.shift() : this.#items.splice(this.#head + place, 1)[0];
  }
}
