import { NumberList } from "../../lib/number-list.ts";
import type { Exemplar, Histogram } from "../../model/points.ts";
import type { Escaping } from "./escaping.ts";
import { LabelPack } from "./label-pack.ts";
import { type Labels, labelText } from "./labels.ts";

export type FamilyType = "counter" | "gauge" | "histogram" | "info" | "unknown";

export interface FamilyDescription {
  /** In full, `_total` and the like included. */
  readonly name: string;
  readonly type: FamilyType;
  /** Empty for none. */
  readonly help: string;
  /** The word for the unit that the name ends with (before `_total`); empty for none. */
  readonly unit: string;
}

/**
 * The samples of one name, by position: 0 and up, in no order that could be relied on. Each is a label text that was
 * encoded when it was added, and numbers in columns: objects and texts took three times the memory.
 */
export class Family {
  readonly description: FamilyDescription;
  /** By position, with UTF-8 names. */
  readonly labels = new LabelPack("allow-utf-8");
  /** For scrapers that do not take UTF-8: made when the first of them comes, and only where it makes a difference. */
  readonly #escapedLabels = new Map<Escaping, LabelPack>();
  #classic = true;
  readonly #numbers = new NumberList(Float64Array);
  readonly #timesMs = new NumberList(Float64Array);
  readonly #createdMs = new NumberList(Float64Array);
  readonly #histograms = new SparseColumn<Histogram>();
  readonly #exemplars = new SparseColumn<readonly Exemplar[]>();

  constructor(description: FamilyDescription) {
    this.description = description;
  }

  get size(): number {
    return this.#timesMs.length;
  }

  /** Adds a sample and gives its position. That its labels are not here yet is for the caller to know. */
  add(labels: Labels, value?: number | Histogram): number {
    const position = this.addText(labelText(labels, "allow-utf-8"));
    if (value !== undefined) this.show(position, value, 0, 0);
    return position;
  }

  /** The same for a caller who has the text of the labels at hand, with UTF-8 names. The sample is of 0. */
  addText(labels: string): number {
    const position = this.size;
    this.labels.add(labels);
    this.#numbers.push(0);
    this.#timesMs.push(0);
    this.#createdMs.push(0);
    this.#classic &&= !mayHaveOddNames(labels);
    return position;
  }

  /** A `Histogram` in families of that type, a number in all others. */
  value(position: number): number | Histogram {
    return this.#histograms.get(position) ?? this.#numbers.numbers[position]!;
  }

  /** Milliseconds since the epoch; 0 for unknown. */
  timeMs(position: number): number {
    return this.#timesMs.numbers[position]!;
  }

  /** When the counter began at zero, in milliseconds since the epoch; 0 for unknown. */
  createdMs(position: number): number {
    return this.#createdMs.numbers[position]!;
  }

  exemplars(position: number): readonly Exemplar[] | undefined {
    return this.#exemplars.get(position);
  }

  /** From now on a sample is of this value and of these times. */
  show(position: number, value: number | Histogram, timeMs: number, createdMs: number): void {
    if (typeof value === "number") this.#numbers.numbers[position] = value;
    else this.#histograms.set(position, value);
    this.#timesMs.numbers[position] = timeMs;
    this.#createdMs.numbers[position] = createdMs;
  }

  showExemplars(position: number, exemplars: readonly Exemplar[] | undefined): void {
    this.#exemplars.set(position, exemplars);
  }

  /** Takes a sample out; the last one moves to its position. */
  delete(position: number): void {
    for (const pack of this.#escapedLabels.values()) {
      pack.fill(this.labels);
      pack.moveLastTo(position);
    }
    this.#histograms.moveTo(position, this.size - 1);
    this.#exemplars.moveTo(position, this.size - 1);
    this.labels.moveLastTo(position);
    this.#numbers.moveLastTo(position);
    this.#timesMs.moveLastTo(position);
    this.#createdMs.moveLastTo(position);
  }

  /** The encoded labels by position, for one scraper. */
  labelPack(escaping: Escaping): LabelPack {
    if (this.#classic || escaping === "allow-utf-8") return this.labels;
    let pack = this.#escapedLabels.get(escaping);
    if (pack === undefined) {
      pack = new LabelPack(escaping);
      this.#escapedLabels.set(escaping, pack);
    }
    pack.fill(this.labels);
    return pack;
  }
}

/** What only some of the samples have, by position. */
class SparseColumn<T> {
  readonly #values = new Map<number, T>();

  get(position: number): T | undefined {
    return this.#values.size === 0 ? undefined : this.#values.get(position);
  }

  set(position: number, value: T | undefined): void {
    if (value !== undefined) this.#values.set(position, value);
    else if (this.#values.size > 0) this.#values.delete(position);
  }

  moveTo(position: number, from: number): void {
    this.set(position, this.get(from));
    this.set(from, undefined);
  }
}

/** Odd names stand in quotes. A value that ends with a comma looks the same here, and costs a little work. */
function mayHaveOddNames(labels: string): boolean {
  return labels.startsWith('"') || labels.includes(',"');
}
