import { lastResource } from "../../kit/last-resource.ts";
import { EvaluationError } from "../../kit/ottl/errors.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { Point } from "../../model/points.ts";
import type { Resource, Series } from "../../model/series.ts";
import type { Memo, SeriesTable } from "../../model/series-table.ts";
import type { Span } from "../../model/spans.ts";
import type { Config, Entry } from "./config.ts";

/** The ids of pipelines; undefined: dropped. Equal routes are one object. */
export type Route = readonly string[] | undefined;

/** Hears of a condition that failed and so does not hold. May throw. */
type Failed = (failure: EvaluationError, text: string) => void;

/** Where items go: the first entry whose condition holds decides. What a series decides is decided once for it. */
export class Routes {
  readonly #entries: readonly Entry[];
  readonly #others: Route;
  readonly #failed: Failed;
  readonly #ofResource: ReadonlyMap<Entry, (resource: Resource) => boolean>;
  readonly #ofSeries: Memo<{ readonly route: Route } | "by_point">;

  constructor({ table, default_pipelines: others }: Config, series: SeriesTable, failed: Failed) {
    this.#entries = table;
    this.#others = others;
    this.#failed = failed;
    this.#ofSeries = series.memo();
    this.#ofResource = new Map(
      table.map((entry) => [entry, lastResource((resource) => this.#holds(entry, { resource }))]),
    );
  }

  dispose(): void {
    this.#ofSeries.dispose();
  }

  ofSpan(span: Span): Route {
    return this.#first((entry) => entry.context === "span" && this.#holds(entry, span), span.resource);
  }

  ofRecord(record: LogRecord): Route {
    return this.#first((entry) => entry.context === "log" && this.#holds(entry, record), record.resource);
  }

  ofPoint(point: Point): Route {
    let known = this.#ofSeries.get(point.series);
    if (known === undefined) {
      known = this.#settled(point.series);
      this.#ofSeries.set(point.series, known);
    }
    if (known !== "by_point") return known.route;
    const { series } = point;
    return this.#first(
      (entry) =>
        (entry.context === "metric" && this.#holds(entry, series)) ||
        (entry.context === "datapoint" && this.#holds(entry, point)),
      series.resource,
    );
  }

  #first(holds: (entry: Entry) => boolean, resource: Resource): Route {
    for (const entry of this.#entries) {
      const isIt = entry.context === "resource" ? this.#ofResource.get(entry)!(resource) : holds(entry);
      if (isIt) return entry.pipelines;
    }
    return this.#others;
  }

  #settled(series: Series): { readonly route: Route } | "by_point" {
    let byPoint = false;
    const route = this.#first((entry) => {
      if (byPoint) return false;
      if (entry.context === "metric") return this.#holds(entry, series);
      if (entry.context !== "datapoint") return false;
      const verdict = this.#tried(entry, () => entry.condition.settle({ series, start: 0, time: 0, value: 0 }));
      byPoint = verdict === undefined;
      return verdict === true;
    }, series.resource);
    return byPoint ? "by_point" : { route };
  }

  #holds(entry: Entry, subject: Parameters<Entry["condition"]["test"]>[0]): boolean {
    return this.#tried(entry, () => (entry.condition.test as (of: typeof subject) => boolean)(subject)) === true;
  }

  #tried(entry: Entry, ask: () => boolean | undefined): boolean | undefined {
    try {
      return ask();
    } catch (failure) {
      if (!(failure instanceof EvaluationError)) throw failure;
      this.#failed(failure, entry.condition.text);
      return false;
    }
  }
}
