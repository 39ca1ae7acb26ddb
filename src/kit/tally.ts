import type { Counter, Meter, MetricDescription } from "../component/meter.ts";

/** A family of counters told apart by one attribute or two, each made when it first counts. */
export class Tally {
  readonly #counters = new Map<string, Map<string, Counter>>();
  readonly #meter: Meter;
  readonly #description: MetricDescription;
  readonly #names: readonly string[];

  constructor(meter: Meter, description: MetricDescription, ...names: readonly [string] | readonly [string, string]) {
    this.#meter = meter;
    this.#description = description;
    this.#names = names;
  }

  /** Counts under these values, in the order of the names. */
  add(first: string, second = "", count = 1): void {
    let ofFirst = this.#counters.get(first);
    if (ofFirst === undefined) {
      ofFirst = new Map();
      this.#counters.set(first, ofFirst);
    }
    let counter = ofFirst.get(second);
    if (counter === undefined) {
      const values = [first, second];
      const attributes = Object.fromEntries(this.#names.map((name, index) => [name, values[index]!]));
      counter = this.#meter.counter(this.#description, attributes);
      ofFirst.set(second, counter);
    }
    counter.value += count;
  }
}
