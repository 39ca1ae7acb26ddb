import type { LogsBatch } from "../../model/log-records.ts";
import type { MetricsBatch, Point } from "../../model/points.ts";
import type { Resource } from "../../model/series.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { TracesBatch } from "../../model/spans.ts";

/** What a queue does with batches: take them apart by resource, cut them to size, and join them. */
export interface BatchParts<S extends Signal> {
  /** The batch by the lane of each item's resource; the batch itself where it has one lane. */
  byLane(batch: Batches[S], laneOf: (resource: Resource) => number): ReadonlyMap<number, Batches[S]>;
  /** In order, none with more than `itemsMax` items. */
  cut(batch: Batches[S], itemsMax: number): readonly Batches[S][];
  join(batches: readonly Batches[S][]): Batches[S];
}

interface Rows<Batch, Item> {
  items(batch: Batch): readonly Item[];
  resource(item: Item): Resource;
  batch(items: readonly Item[]): Batch;
}

const METRICS: Rows<MetricsBatch, Point> = {
  items: ({ points }) => points,
  resource: ({ series }) => series.resource,
  batch: (points) => ({ points }),
};
const TRACES: Rows<TracesBatch, TracesBatch["spans"][number]> = {
  items: ({ spans }) => spans,
  resource: ({ resource }) => resource,
  batch: (spans) => ({ spans }),
};
const LOGS: Rows<LogsBatch, LogsBatch["records"][number]> = {
  items: ({ records }) => records,
  resource: ({ resource }) => resource,
  batch: (records) => ({ records }),
};

export const BATCH_PARTS: { readonly [S in Signal]: BatchParts<S> } = {
  metrics: batchParts(METRICS),
  traces: batchParts(TRACES),
  logs: batchParts(LOGS),
};

function batchParts<Batch, Item>({ items: itemsOf, resource, batch: make }: Rows<Batch, Item>) {
  return {
    byLane(batch: Batch, laneOf: (resource: Resource) => number): ReadonlyMap<number, Batch> {
      const lanes = new Map<number, Item[]>();
      let last: Resource | undefined;
      let items: Item[] = [];
      for (const item of itemsOf(batch)) {
        const its = resource(item);
        if (its !== last) {
          const lane = laneOf(its);
          items = lanes.get(lane) ?? [];
          lanes.set(lane, items);
          last = its;
        }
        items.push(item);
      }
      const parts = new Map<number, Batch>();
      for (const [lane, itemsOfLane] of lanes) parts.set(lane, lanes.size === 1 ? batch : make(itemsOfLane));
      return parts;
    },
    cut(batch: Batch, itemsMax: number): readonly Batch[] {
      const items = itemsOf(batch);
      if (items.length <= itemsMax) return [batch];
      const parts: Batch[] = [];
      for (let from = 0; from < items.length; from += itemsMax) parts.push(make(items.slice(from, from + itemsMax)));
      return parts;
    },
    join: (batches: readonly Batch[]): Batch =>
      batches.length === 1 ? batches[0]! : make(batches.flatMap((batch) => itemsOf(batch))),
  };
}
