import { Family, type FamilyDescription } from "../../kit/prometheus/family.ts";
import { LabelIndex, type LabelKey } from "../../kit/prometheus/label-index.ts";
import { NumberList } from "../../lib/number-list.ts";
import type { Place } from "./place.ts";

/** A family whose samples belong to places, and are found by their labels. */
export class FamilyPlaces {
  readonly family: Family;
  readonly #index: LabelIndex;
  /** By position in the family. */
  readonly #places = new NumberList(Uint32Array);

  constructor(description: FamilyDescription) {
    this.family = new Family(description);
    this.#index = new LabelIndex(this.family.labels);
  }

  find(key: LabelKey): Place | undefined {
    const position = this.#index.find(key);
    return position === undefined ? undefined : this.#places.numbers[position];
  }

  /** Adds a sample of 0 for a place, of labels that are not here yet; gives its position. */
  add(labels: string, key: LabelKey, place: Place): number {
    const position = this.family.addText(labels);
    this.#index.added(key);
    this.#places.push(place);
    return position;
  }

  /** Takes a sample out. The last one moves to its position: gives the place that has it there. */
  delete(position: number): Place {
    const moved = this.#places.numbers[this.family.size - 1]!;
    this.#index.moveLastTo(position);
    this.family.delete(position);
    this.#places.moveLastTo(position);
    return moved;
  }
}
