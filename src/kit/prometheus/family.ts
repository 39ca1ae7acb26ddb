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

/** What a family shows for one set of labels. Its owner changes it at will; the labels stay. */
export interface Sample {
  /** Their text with UTF-8 names. */
  readonly labels: string;
  /** A `Histogram` in families of that type, a number in all others. */
  value: number | Histogram;
  /** Milliseconds since the epoch; 0 for unknown. */
  timeMs: number;
  /** When the counter began at zero, in milliseconds since the epoch; 0 for unknown. */
  createdMs: number;
  exemplars: readonly Exemplar[] | undefined;
  /** Belongs to the family: where it stands among the samples; -1 once it was taken out. */
  position: number;
}

/** The samples of one name. Their label text is encoded once, when they are added, and then remembered. */
export class Family {
  readonly description: FamilyDescription;
  readonly #samples: Sample[] = [];
  readonly #pack = new LabelPack("allow-utf-8");
  /** For scrapers that do not take UTF-8: made when the first of them comes, and only where it makes a difference. */
  readonly #escapedPacks = new Map<Escaping, LabelPack>();
  #classic = true;

  constructor(description: FamilyDescription) {
    this.description = description;
  }

  /** In no order that could be relied on. */
  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Adds a sample of 0. That its labels are not here yet is for the caller to know. */
  add(labels: Labels): Sample {
    return this.addText(labelText(labels, "allow-utf-8"));
  }

  /** The same for a caller who has the text of the labels at hand, with UTF-8 names. */
  addText(labels: string): Sample {
    const sample = {
      labels,
      value: 0,
      timeMs: 0,
      createdMs: 0,
      exemplars: undefined,
      position: this.#samples.length,
    };
    this.#samples.push(sample);
    this.#pack.add(labels);
    this.#classic &&= !mayHaveOddNames(labels);
    return sample;
  }

  /** Takes a sample out; the last one moves to its place. Safe twice. */
  delete(sample: Sample): void {
    const { position } = sample;
    if (position < 0) return;
    for (const pack of [this.#pack, ...this.#escapedPacks.values()]) {
      pack.fill(this.#samples);
      pack.moveLastTo(position);
    }
    const last = this.#samples.pop()!;
    last.position = position;
    if (last !== sample) this.#samples[position] = last;
    sample.position = -1;
  }

  /** The encoded labels of all samples, by their position in `samples`. */
  labelPack(escaping: Escaping): LabelPack {
    if (this.#classic || escaping === "allow-utf-8") return this.#pack;
    let pack = this.#escapedPacks.get(escaping);
    if (pack === undefined) {
      pack = new LabelPack(escaping);
      this.#escapedPacks.set(escaping, pack);
    }
    pack.fill(this.#samples);
    return pack;
  }
}

/** Odd names stand in quotes. A value that ends with a comma looks the same here, and costs a little work. */
function mayHaveOddNames(labels: string): boolean {
  return labels.startsWith('"') || labels.includes(',"');
}
