import { type MetricsBatch, type Point, Row } from "../../model/points.ts";
import type { Resource } from "../../model/series.ts";
import type { Batches, Signal } from "../../model/signal.ts";

/** The parts of a batch, by what `routeOf` gives for their resources; the batch itself where all of it is one part. */
export const SPLIT: {
  readonly [S in Signal]: <R>(batch: Batches[S], routeOf: (resource: Resource) => R) => ReadonlyMap<R, Batches[S]>;
} = {
  metrics: splitMetrics,
  traces: (batch, routeOf) => byRoute(batch, batch.spans, routeOf, (spans) => ({ spans })),
  logs: (batch, routeOf) => byRoute(batch, batch.records, routeOf, (records) => ({ records })),
};

function byRoute<R, T extends { readonly resource: Resource }, B>(
  whole: B,
  items: readonly T[],
  routeOf: (resource: Resource) => R,
  make: (items: readonly T[]) => B,
): ReadonlyMap<R, B> {
  const parts = Map.groupBy(items, ({ resource }) => routeOf(resource));
  return new Map([...parts].map(([route, part]) => [route, part.length === items.length ? whole : make(part)]));
}

/** What a report says of its source goes wherever something of it goes. */
function splitMetrics<R>(batch: MetricsBatch, routeOf: (resource: Resource) => R): ReadonlyMap<R, MetricsBatch> {
  const parts = new Map<R, { rows: Row[]; points: Point[] }>();
  const part = (route: R) => {
    const known = parts.get(route) ?? { rows: [], points: [] };
    parts.set(route, known);
    return known;
  };
  for (const row of batch.rows) {
    for (const [route, its] of splitRow(row, routeOf)) part(route).rows.push(its);
  }
  for (const point of batch.points) part(routeOf(point.series.resource)).points.push(point);
  if (parts.size === 1) return new Map([[[...parts.keys()][0]!, batch]]);
  return new Map([...parts].map(([route, its]) => [route, { ...batch, ...its }]));
}

/** Nearly always the row as it is: what a stream counts has one resource. */
function splitRow<R>(row: Row, routeOf: (resource: Resource) => R): ReadonlyMap<R, Row> {
  const { series, start, time, values } = row;
  const routes = series.map(({ resource }) => routeOf(resource));
  const different = new Set(routes);
  if (different.size === 1) return new Map([[routes[0]!, row]]);
  const only = (route: R) => values.map((value, index) => (routes[index] === route ? value : Number.NaN));
  return new Map([...different].map((route) => [route, new Row(series, start, time, only(route))]));
}
