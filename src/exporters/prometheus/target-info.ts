import { Family, type FamilyDescription } from "../../kit/prometheus/family.ts";
import { identity, type SeriesNaming } from "../../kit/prometheus/series-naming.ts";
import type { Resource } from "../../model/series.ts";

/** `target_info`: what is known of each resource that has a series on show, to be joined by `job` and `instance`. */
export class TargetInfo {
  readonly #naming: SeriesNaming;
  readonly #uses = new Map<Resource, number>();
  readonly #description: FamilyDescription;
  #family: Family | undefined;

  constructor(naming: SeriesNaming) {
    this.#naming = naming;
    this.#description = naming.targetDescription();
  }

  get name(): string {
    return this.#description.name;
  }

  /** One more series of this resource is shown. */
  retain(resource: Resource): void {
    const uses = this.#uses.get(resource) ?? 0;
    this.#uses.set(resource, uses + 1);
    if (uses === 0) this.#family = undefined;
  }

  release(resource: Resource): void {
    const uses = this.#uses.get(resource) ?? 0;
    if (uses > 1) {
      this.#uses.set(resource, uses - 1);
    } else {
      this.#uses.delete(resource);
      this.#family = undefined;
    }
  }

  /** One sample for each `job` and `instance`: of two resources that share both, the first, for a join takes only one. */
  family(): Family {
    this.#family ??= this.#made();
    return this.#family;
  }

  #made(): Family {
    const family = new Family(this.#description);
    const shown = new Set<string>();
    for (const resource of this.#uses.keys()) {
      const labels = this.#naming.targetLabels(resource);
      const target = JSON.stringify(identity(resource));
      if (labels === undefined || shown.has(target)) continue;
      shown.add(target);
      family.add(labels, 1);
    }
    return family;
  }
}
