import type { Attributes } from "./attributes.ts";
import type { Metric, Resource, Scope, Series } from "./series.ts";
import type { Memo, SeriesTable } from "./series-table.ts";

/** Where a reader gets its series from; the parts are interned. Undefined: there is no room for another one. */
export interface SeriesSource {
  series(resource: Resource, scope: Scope, metric: Metric, attributes: Attributes): Series | undefined;
}

/** A table's series for one who brings what strangers send: at most so many at a time, the table's sweep makes room. */
export class LimitedSeries implements SeriesSource {
  readonly #table: SeriesTable;
  readonly #seriesMax: number;
  readonly #brought: Memo<true>;
  #size = 0;
  #refused = 0;

  constructor(table: SeriesTable, seriesMax: number) {
    this.#table = table;
    this.#seriesMax = seriesMax;
    this.#brought = table.memo<true>(() => {
      this.#size--;
    });
  }

  /** How many of those that were asked for here are alive. */
  get size(): number {
    return this.#size;
  }

  /** How often there was no room. */
  get refused(): number {
    return this.#refused;
  }

  series(resource: Resource, scope: Scope, metric: Metric, attributes: Attributes): Series | undefined {
    if (this.#size >= this.#seriesMax) {
      const known = this.#table.find(resource, scope, metric, attributes);
      if (known === undefined || this.#brought.get(known) === undefined) {
        this.#refused++;
        return undefined;
      }
    }
    const series = this.#table.series(resource, scope, metric, attributes);
    if (this.#brought.get(series) === undefined) {
      this.#brought.set(series, true);
      this.#size++;
    }
    return series;
  }

  dispose(): void {
    this.#brought.dispose();
  }
}
