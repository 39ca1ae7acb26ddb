import { type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { Route, Routes } from "./routes.ts";

/** The parts of a batch, by the routes of its items; the batch itself where all of it is one part. */
export const SPLIT: {
  readonly [S in Signal]: (batch: Batches[S], routes: Routes) => ReadonlyMap<Route, Batches[S]>;
} = {
  metrics: splitMetrics,
  traces: (batch, routes) =>
    byRoute(
      batch,
      batch.spans,
      (span) => routes.ofSpan(span),
      (spans) => ({ spans }),
    ),
  logs: (batch, routes) =>
    byRoute(
      batch,
      batch.records,
      (record) => routes.ofRecord(record),
      (records) => ({ records }),
    ),
};

function byRoute<T, B>(
  whole: B,
  items: readonly T[],
  routeOf: (item: T) => Route,
  make: (items: readonly T[]) => B,
): ReadonlyMap<Route, B> {
  const parts = Map.groupBy(items, routeOf);
  return new Map([...parts].map(([route, part]) => [route, part.length === items.length ? whole : make(part)]));
}

/** What a report says of its source goes wherever something of it goes. */
function splitMetrics(batch: MetricsBatch, routes: Routes): ReadonlyMap<Route, MetricsBatch> {
  const parts = new Map<Route, { rows: Row[]; points: Point[] }>();
  const part = (route: Route) => {
    const known = parts.get(route) ?? { rows: [], points: [] };
    parts.set(route, known);
    return known;
  };
  for (const row of batch.rows) {
    for (const [route, its] of splitRow(row, routes)) part(route).rows.push(its);
  }
  for (const point of batch.points) part(routes.ofPoint(point)).points.push(point);
  if (parts.size === 1) return new Map([[[...parts.keys()][0]!, batch]]);
  return new Map([...parts].map(([route, its]) => [route, { ...batch, ...its }]));
}

/** Nearly always the row as it is: what a stream counts is of one resource. */
function splitRow(row: Row, routes: Routes): ReadonlyMap<Route, Row> {
  const { series: list, start, time, values } = row;
  const found = list.map((series, index) => routes.ofPoint({ series, start, time, value: values[index]! }));
  const different = new Set(found.filter((_, index) => !Number.isNaN(values[index]!)));
  if (different.size <= 1) return new Map([[different.size === 0 ? found[0]! : [...different][0]!, row]]);
  const only = (route: Route) => values.map((value, index) => (found[index] === route ? value : Number.NaN));
  return new Map([...different].map((route) => [route, new Row(list, start, time, only(route))]));
}
