import type { Deps, Processor } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import { SeriesMerging } from "../../kit/series-sums/series-merging.ts";
import type { Attributes } from "../../model/attributes.ts";
import type { Resource, Series } from "../../model/series.ts";
import type { Config } from "./config.ts";
import { DROPPED } from "./telemetry.ts";

/** A data point's series, a span or a log record. */
interface Item {
  readonly resource: Resource;
  readonly attributes: Attributes;
}

/** Moves attributes from what has them to its resource: for metrics once for each series. */
export function createGroupByAttributes({ keys, max_series: seriesMax }: Config, deps: Deps, next: Next): Processor {
  const { series: table } = deps;
  const moved = <T extends Item>(item: T): T => {
    const found = keys.filter((key) => Object.hasOwn(item.attributes, key));
    if (found.length === 0) return item;
    const entries = Object.entries(item.attributes);
    const attributes = Object.fromEntries(entries.filter(([key]) => !found.includes(key)));
    const own = Object.fromEntries(entries.filter(([key]) => found.includes(key)));
    return { ...item, resource: table.resource({ ...item.resource.attributes, ...own }), attributes };
  };
  // Where there are no metrics there is nothing to keep in the store.
  const merging =
    next.metrics &&
    new SeriesMerging({ deps, seriesMax, dropped: DROPPED }, (series: Series) => ({
      series: moved(series),
      // Nothing tells it any more from what is another value in the resource's place.
      mayMeet: keys.some(
        (key) => Object.hasOwn(series.attributes, key) && Object.hasOwn(series.resource.attributes, key),
      ),
    }));
  return {
    metrics: {
      consume: (batch, delivery) => merging && next.metrics?.consume(merging.map(batch, delivery), delivery),
    },
    traces: { consume: ({ spans }, delivery) => next.traces?.consume({ spans: spans.map(moved) }, delivery) },
    logs: { consume: ({ records }, delivery) => next.logs?.consume({ records: records.map(moved) }, delivery) },
    async load(signal) {
      await merging?.load(signal);
    },
    async stop() {
      merging?.dispose();
    },
  };
}
