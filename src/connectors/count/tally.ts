import type { AnyOf } from "../../kit/ottl/any-of.ts";
import { type Attributes, type AttributeValue, NO_ATTRIBUTES } from "../../model/attributes.ts";
import type { Point } from "../../model/points.ts";
import type { Metric, Resource, Scope, Series } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";

/** One metric that counts. */
export interface ItemCounter<S> {
  readonly metric: Metric;
  /** Undefined: everything is counted. */
  readonly conditions: AnyOf<S> | undefined;
  readonly attributes: readonly { readonly key: string; readonly default_value?: AttributeValue | undefined }[];
}

/** What is counted of one batch: the resource is that of what is counted. */
export class Tally {
  readonly #table: SeriesTable;
  readonly #scope: Scope;
  readonly #counts = new Map<Series, number>();

  constructor(table: SeriesTable, scope: Scope) {
    this.#table = table;
    this.#scope = scope;
  }

  count<S>(counters: readonly ItemCounter<S>[], subject: S, resource: Resource, attributes: Attributes): void {
    for (const counter of counters) {
      if (counter.conditions?.test(subject) === false) continue;
      const counted = countedBy(counter, attributes);
      if (counted === undefined) continue;
      const series = this.#table.series(resource, this.#scope, counter.metric, counted);
      this.#counts.set(series, (this.#counts.get(series) ?? 0) + 1);
    }
  }

  points(time: number): readonly Point[] {
    return [...this.#counts].map(([series, value]) => ({ series, start: 0, time, value }));
  }
}

/** Undefined where one of the attributes is not there: then it is not counted. */
function countedBy<S>({ attributes: keys }: ItemCounter<S>, attributes: Attributes): Attributes | undefined {
  if (keys.length === 0) return NO_ATTRIBUTES;
  const entries = keys.map(({ key, default_value: otherwise }) => {
    return [key, Object.hasOwn(attributes, key) ? attributes[key] : otherwise] as const;
  });
  return entries.some(([, value]) => value === undefined)
    ? undefined
    : (Object.fromEntries(entries) as Record<string, AttributeValue>);
}
