import { type Adjusted, type Adjustment, AdjustmentError, type TotalName } from "../../component/totals.ts";
import { streamKey } from "../../model/stream-key.ts";
import type { SeriesShape } from "./stored-identity.ts";

/** Of one total: beyond that somebody has written a loop. */
const ADJUSTMENTS_MAX = 1000;
const REASON_CHARACTERS_MAX = 500;

/** The corrections of one total. */
export interface Corrections {
  sum: number;
  readonly ids: Set<string>;
}

/**
 * All corrections, by the total that they are of. They are never mixed into it: a total shows what was counted and never
 * falls, a correction what somebody says of it, and may go either way (docs/decisions/0008-corrections-stand-beside-totals.md).
 */
export class AdjustmentBook {
  /** By stream, then by `numberKey`. */
  readonly #streams = new Map<string, Map<string, Corrections>>();

  corrects(stream: string): boolean {
    return this.#streams.has(stream);
  }

  /** Undefined for nearly all totals. */
  of(stream: string, number: SeriesShape): Corrections | undefined {
    return this.#streams.get(stream)?.get(numberKey(nameOf(number)));
  }

  has({ total, id }: Adjustment): boolean {
    return this.#of(total)?.ids.has(id) === true;
  }

  /** What a total would come to; throws where the correction cannot be. One that is there already changes nothing. */
  checked(adjustment: Adjustment, value: number | undefined): Adjusted {
    const { total, by, reason } = adjustment;
    if (value === undefined || Number.isNaN(value)) throw new AdjustmentError("there is no such total");
    const corrections = this.#of(total);
    const before = corrections?.sum ?? 0;
    if (this.has(adjustment)) return { value, adjustment: before };
    if (!Number.isSafeInteger(by) || by === 0) throw new AdjustmentError("a correction is a whole number other than 0");
    if (reason.trim() === "") throw new AdjustmentError("a correction needs a reason");
    if (reason.length > REASON_CHARACTERS_MAX) {
      throw new AdjustmentError(`a reason has at most ${REASON_CHARACTERS_MAX} characters`);
    }
    const after = before + by;
    if (!Number.isSafeInteger(value + after)) throw new AdjustmentError("that is more than can be counted");
    if (value + after < 0) {
      throw new AdjustmentError(`that would leave less than nothing: at most ${value + before} can be taken off`);
    }
    if ((corrections?.ids.size ?? 0) >= ADJUSTMENTS_MAX) {
      throw new AdjustmentError(`there are ${ADJUSTMENTS_MAX} corrections of it already`);
    }
    return { value, adjustment: after };
  }

  add({ total, id, by }: Adjustment): void {
    const stream = streamKey(total.owner);
    const numbers = this.#streams.get(stream) ?? new Map<string, Corrections>();
    this.#streams.set(stream, numbers);
    const corrections = numbers.get(numberKey(total)) ?? { sum: 0, ids: new Set() };
    numbers.set(numberKey(total), corrections);
    if (corrections.ids.has(id)) return;
    corrections.ids.add(id);
    corrections.sum += by;
  }

  remove({ total, id, by }: Adjustment): void {
    const stream = streamKey(total.owner);
    const numbers = this.#streams.get(stream);
    const corrections = numbers?.get(numberKey(total));
    if (!corrections?.ids.delete(id)) return;
    corrections.sum -= by;
    if (corrections.ids.size === 0) numbers!.delete(numberKey(total));
    if (numbers!.size === 0) this.#streams.delete(stream);
  }

  #of(total: TotalName): Corrections | undefined {
    return this.#streams.get(streamKey(total.owner))?.get(numberKey(total));
  }
}

type NumberName = Pick<TotalName, "metric" | "direction">;

/** How an operator names a number of a stream. */
export function nameOf({ metric, attributes }: SeriesShape): NumberName {
  const direction = attributes["network.io.direction"];
  return { metric: metric.name, direction: typeof direction === "string" ? direction : undefined };
}

export function isNumber(shape: SeriesShape, name: NumberName): boolean {
  return numberKey(nameOf(shape)) === numberKey(name);
}

/** The name of a correction's row. */
export function adjustmentKey({ total, id }: Adjustment): string {
  return JSON.stringify([streamKey(total.owner), total.metric, total.direction ?? null, id]);
}

function numberKey({ metric, direction = "" }: NumberName): string {
  return `${metric} ${direction}`;
}
