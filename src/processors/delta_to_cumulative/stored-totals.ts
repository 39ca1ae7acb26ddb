import type { StoredRows, StoredTotal, StoredTotals, TotalName } from "../../component/totals.ts";
import { ownerOfStream, type StreamOwner, streamKey } from "../../model/stream-key.ts";
import { AdjustmentBook, adjustmentKey, nameOf } from "./adjustment-book.ts";
import { adjustmentCodec, streamCodec } from "./codecs.ts";
import { identityCodec, shapeCodec } from "./identities.ts";
import { SCOPES } from "./scopes.ts";
import type { Shape } from "./stored-identity.ts";
import { type StreamState, uncertainty } from "./stream-state.ts";

/** The totals of sources as they are in a store. Series that stand alone are not among them: they are nobody's. */
export const storedTotals: StoredTotals = {
  *read(rows, isWanted = () => true) {
    const reader = new Reader(rows);
    for (const [stream, state] of rows.rows(streamCodec, SCOPES.streams)) {
      const owner = ownerOfStream(stream);
      if (isWanted(owner)) yield* reader.totalsOf(stream, owner, state);
    }
  },

  *adjustments(rows) {
    for (const [, adjustment] of rows.rows(adjustmentCodec, SCOPES.adjustments)) yield adjustment;
  },

  adjust(rows, adjustment) {
    const reader = new Reader(rows);
    const adjusted = reader.book.checked(adjustment, reader.total(adjustment.total)?.value);
    if (reader.book.has(adjustment)) return { ...adjusted, change: undefined };
    const key = adjustmentKey(adjustment);
    return { ...adjusted, change: { name: SCOPES.adjustments, codec: adjustmentCodec, key, value: adjustment } };
  },
};

class Reader {
  readonly book = new AdjustmentBook();
  readonly #rows: StoredRows;
  readonly #shapes: ReadonlyMap<string, Shape>;

  constructor(rows: StoredRows) {
    this.#rows = rows;
    this.#shapes = new Map(rows.rows(shapeCodec, SCOPES.streamShapes));
    for (const [, adjustment] of rows.rows(adjustmentCodec, SCOPES.adjustments)) this.book.add(adjustment);
  }

  total(name: TotalName): StoredTotal | undefined {
    const stream = streamKey(name.owner);
    const state = this.#rows.row(streamCodec, SCOPES.streams, stream);
    if (state === undefined) return undefined;
    for (const total of this.totalsOf(stream, name.owner, state)) {
      if (total.metric === name.metric && total.direction === name.direction) return total;
    }
    return undefined;
  }

  /** Of a stream without an identity, or whose shape was set aside, nobody can say what its numbers are. */
  *totalsOf(stream: string, owner: StreamOwner, state: StreamState): Iterable<StoredTotal> {
    const shapeId = this.#rows.row(identityCodec, SCOPES.streamIdentities, stream)?.shapeId;
    const shape = shapeId && this.#shapes.get(shapeId);
    if (!shape) return;
    const { start, epochs } = state.lineage;
    for (const [index, { behaviour, series, uncertain }] of shape.members.entries()) {
      const value = state.totals[index];
      if (behaviour === "level" || value === undefined || Number.isNaN(value)) continue;
      const { metric, direction } = nameOf(series);
      yield {
        owner,
        metric,
        direction,
        unit: series.metric.unit,
        value,
        uncertain: uncertain && uncertainty(state, index),
        adjustment: this.book.of(stream, series)?.sum ?? 0,
        startAt: start,
        reportAt: state.reportAt,
        epochs,
      };
    }
  }
}
