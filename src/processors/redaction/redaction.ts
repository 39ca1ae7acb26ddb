import type { Deps, Processor } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import { type Redescribed, SeriesMerging } from "../../kit/series-sums/series-merging.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { MetricsBatch, Point } from "../../model/points.ts";
import type { Resource, Scope, Series } from "../../model/series.ts";
import type { Span } from "../../model/spans.ts";
import type { Config } from "./config.ts";
import { Redactor } from "./redactor.ts";
import { DROPPED } from "./telemetry.ts";

/** Takes out of attributes and bodies what nobody is to see; series that become one by it are added up. */
export function createRedaction(config: Config, deps: Deps, next: Next): Processor {
  const { series: table } = deps;
  const redactor = new Redactor(config);
  const attributesOf = <T extends { readonly attributes: Span["attributes"] }>(item: T): T => {
    const { attributes } = redactor.attributes(item.attributes);
    return attributes === item.attributes ? item : { ...item, attributes };
  };
  const resourceOf = once((resource: Resource) => {
    const { attributes, mayMeet } = redactor.attributes(resource.attributes);
    return { made: attributes === resource.attributes ? resource : table.resource(attributes), mayMeet };
  });
  const scopeOf = once((scope: Scope) => {
    const { attributes, mayMeet } = redactor.attributes(scope.attributes);
    const { name, version } = scope;
    return { made: attributes === scope.attributes ? scope : table.scope(name, version, attributes), mayMeet };
  });
  const placed = <T extends { readonly resource: Resource; readonly scope: Scope }>(item: T): T => {
    const [resource, scope] = [resourceOf(item.resource).made, scopeOf(item.scope).made];
    return resource === item.resource && scope === item.scope ? item : { ...item, resource, scope };
  };
  const describe = (series: Series): Redescribed => {
    const { attributes, mayMeet } = redactor.attributes(series.attributes);
    const described = attributes === series.attributes ? placed(series) : { ...placed(series), attributes };
    const meets = mayMeet || resourceOf(series.resource).mayMeet || scopeOf(series.scope).mayMeet;
    return { series: described, mayMeet: meets };
  };
  // Where there are no metrics there is nothing to keep in the store.
  const merging = next.metrics && new SeriesMerging({ deps, seriesMax: config.max_series, dropped: DROPPED }, describe);
  const withExemplars = (point: Point): Point => {
    const exemplars = point.extra?.exemplars;
    if (exemplars === undefined) return point;
    return { ...point, extra: { ...point.extra, exemplars: exemplars.map(attributesOf) } };
  };
  const ofBatch = (batch: MetricsBatch): MetricsBatch =>
    batch.points.some(({ extra }) => extra?.exemplars !== undefined)
      ? { ...batch, points: batch.points.map(withExemplars) }
      : batch;
  const ofSpan = (span: Span): Span => {
    const { events, links } = span;
    const parts = { events: events.map(attributesOf), ...(links && { links: links.map(attributesOf) }) };
    return { ...placed(attributesOf(span)), ...parts };
  };
  const ofRecord = (record: LogRecord): LogRecord => {
    const left = placed(attributesOf(record));
    return record.body === undefined ? left : { ...left, ...redactor.body(record.body, left.attributes) };
  };
  return {
    metrics: {
      consume: (batch, delivery) => merging && next.metrics?.consume(merging.map(ofBatch(batch), delivery), delivery),
    },
    traces: { consume: ({ spans }, delivery) => next.traces?.consume({ spans: spans.map(ofSpan) }, delivery) },
    logs: { consume: ({ records }, delivery) => next.logs?.consume({ records: records.map(ofRecord) }, delivery) },
    async load(signal) {
      await merging?.load(signal);
    },
    async stop() {
      merging?.dispose();
    },
  };
}

/** Of what is one object for as long as anybody holds it: worked out once for that time. */
function once<K extends object, V>(make: (key: K) => V): (key: K) => V {
  const made = new WeakMap<K, V>();
  return (key) => {
    let value = made.get(key);
    if (value === undefined) {
      value = make(key);
      made.set(key, value);
    }
    return value;
  };
}
