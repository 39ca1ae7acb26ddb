import { free } from "./free.ts";

type Numbers = Float64Array | Uint32Array;

const CAPACITY_MIN = 8;
/** What a list has to spare once it has grown: few grow far beyond what they were, and a copy is cheap. */
const SPARE_PART = 1 / 8;

/**
 * A list of numbers of one kind, without gaps: eight or four bytes for each of them and a little to spare, where fields of
 * objects take three times that.
 */
export class NumberList<A extends Numbers> {
  readonly #kind: new (
    length: number,
  ) => A;
  #numbers: A;
  #length = 0;

  constructor(kind: new (length: number) => A) {
    this.#kind = kind;
    this.#numbers = new kind(CAPACITY_MIN);
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Those of the list, to be read and written, and what it has to spare behind them. Another array once it has grown: the
   * one before is empty.
   */
  get numbers(): A {
    return this.#numbers;
  }

  push(value: number): void {
    if (this.#length === this.#numbers.length) this.#resize();
    this.#numbers[this.#length++] = value;
  }

  /** Forgets the number at an index; the last one stands there from now on. */
  moveLastTo(index: number): void {
    this.#numbers[index] = this.#numbers[--this.#length]!;
    if (this.#numbers.length > CAPACITY_MIN && this.#length < this.#numbers.length / 2) this.#resize();
  }

  #resize(): void {
    const resized = new this.#kind(CAPACITY_MIN + Math.ceil(this.#length * (1 + SPARE_PART)));
    resized.set(this.#numbers.subarray(0, this.#length));
    free(this.#numbers);
    this.#numbers = resized;
  }
}
