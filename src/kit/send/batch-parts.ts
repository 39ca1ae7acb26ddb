import type { LogsBatch } from "../../model/log-records.ts";
import { isRow, type MetricsBatch, type Point, pointCount, pointsOf, type Row } from "../../model/points.ts";
import type { Resource } from "../../model/series.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { TracesBatch } from "../../model/spans.ts";

/** What a queue does with batches: take them apart by resource, cut them to size, and join them. */
export interface BatchParts<S extends Signal> {
  /** The batch by the lane of each item's resource; the batch itself where it has one lane. */
  byLane(batch: Batches[S], laneOf: (resource: Resource) => number): ReadonlyMap<number, Batches[S]>;
  /** In order, none with more than `itemsMax` items. A row with more is cut into points. */
  cut(batch: Batches[S], itemsMax: number): readonly Batches[S][];
  join(batches: readonly Batches[S][]): Batches[S];
  /** Each item as a batch of its own, in order. */
  each(batch: Batches[S]): readonly Batches[S][];
}

/** A batch as pieces that stay whole: its items, or its rows. */
interface Pieces<Batch, Piece> {
  of(batch: Batch): readonly Piece[];
  items(piece: Piece): number;
  /** The piece taken apart, as pieces of one item. */
  apart(piece: Piece): readonly Piece[];
  resource(piece: Piece): Resource;
  batch(pieces: readonly Piece[]): Batch;
}

const METRICS: Pieces<MetricsBatch, Row | Point> = {
  of: ({ rows, points }) => (rows.length === 0 ? points : points.length === 0 ? rows : [...rows, ...points]),
  items: (piece) => (isRow(piece) ? pointCount({ rows: [piece], points: [] }) : 1),
  apart: (piece) => (isRow(piece) ? pointsOf(piece) : [piece]),
  resource: ({ series }) => ("resource" in series ? series : series[0]!).resource,
  batch: metricsOf,
};
const TRACES: Pieces<TracesBatch, TracesBatch["spans"][number]> = {
  of: ({ spans }) => spans,
  items: () => 1,
  apart: (piece) => [piece],
  resource: ({ resource }) => resource,
  batch: (spans) => ({ spans }),
};
const LOGS: Pieces<LogsBatch, LogsBatch["records"][number]> = {
  of: ({ records }) => records,
  items: () => 1,
  apart: (piece) => [piece],
  resource: ({ resource }) => resource,
  batch: (records) => ({ records }),
};

export const BATCH_PARTS: { readonly [S in Signal]: BatchParts<S> } = {
  metrics: batchParts(METRICS),
  traces: batchParts(TRACES),
  logs: batchParts(LOGS),
};

/** A batch has its rows in front: where a row comes behind a point, of the same series perhaps, it is taken apart. */
function metricsOf(pieces: readonly (Row | Point)[]): MetricsBatch {
  const rowsInFront = pieces.findIndex(isPoint);
  if (rowsInFront === -1) return { rows: pieces.filter(isRow), points: [] };
  if (!pieces.slice(rowsInFront).some(isRow)) {
    return { rows: pieces.slice(0, rowsInFront).filter(isRow), points: pieces.slice(rowsInFront).filter(isPoint) };
  }
  return { rows: [], points: pieces.flatMap((piece) => (isRow(piece) ? pointsOf(piece) : piece)) };
}

function isPoint(piece: Row | Point): piece is Point {
  return !isRow(piece);
}

function batchParts<Batch, Piece>({ of, items, apart, resource, batch: make }: Pieces<Batch, Piece>) {
  return {
    byLane(batch: Batch, laneOf: (resource: Resource) => number): ReadonlyMap<number, Batch> {
      const lanes = new Map<number, Piece[]>();
      let last: Resource | undefined;
      let pieces: Piece[] = [];
      for (const piece of of(batch)) {
        const its = resource(piece);
        if (its !== last) {
          const lane = laneOf(its);
          pieces = lanes.get(lane) ?? [];
          lanes.set(lane, pieces);
          last = its;
        }
        pieces.push(piece);
      }
      const parts = new Map<number, Batch>();
      for (const [lane, its] of lanes) parts.set(lane, lanes.size === 1 ? batch : make(its));
      return parts;
    },
    cut(batch: Batch, itemsMax: number): readonly Batch[] {
      const parts: Batch[] = [];
      let pieces: Piece[] = [];
      let size = 0;
      const small = of(batch).flatMap((piece) => (items(piece) > itemsMax ? apart(piece) : piece));
      for (const piece of small) {
        const its = items(piece);
        if (pieces.length > 0 && size + its > itemsMax) {
          parts.push(make(pieces));
          pieces = [];
          size = 0;
        }
        pieces.push(piece);
        size += its;
      }
      return parts.length === 0 ? [batch] : [...parts, make(pieces)];
    },
    join: (batches: readonly Batch[]): Batch =>
      batches.length === 1 ? batches[0]! : make(batches.flatMap((batch) => of(batch))),
    each: (batch: Batch): readonly Batch[] =>
      of(batch)
        .flatMap((piece) => apart(piece))
        .map((piece) => make([piece])),
  };
}
