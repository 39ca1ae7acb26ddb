import type { Codec } from "../../component/store.ts";
import type { PointValue } from "../../model/points.ts";
import { difference, sum } from "../point-arithmetic.ts";

/** A count at a time; of a sum, or of one of the series that it is made of. Times in milliseconds since the epoch. */
export interface Counted {
  readonly start: number;
  readonly time: number;
  readonly value: PointValue;
}

/**
 * What a series grew by since; all of it where it began anew. A smaller count of an earlier time is `out_of_order`; a larger
 * one is news whatever its time: clocks are set back, counts are not.
 */
export function growth(now: Counted, before: Counted | undefined): PointValue | "out_of_order" {
  if (before === undefined || (before.start > 0 && now.start > before.start)) return now.value;
  if (now.start > 0 && now.start < before.start) return "out_of_order";
  return difference(now.value, before.value) ?? (now.time < before.time ? "out_of_order" : now.value);
}

/** A sum with something more; what cannot be added to it (a histogram with other bounds) begins it anew. */
export function grown(before: Counted | undefined, by: PointValue, now: Counted): Counted {
  if (before === undefined) return { start: now.start || now.time, time: now.time, value: by };
  const value = sum(before.value, by);
  if (value === undefined) return { start: before.time, time: now.time, value: by };
  return { start: before.start, time: Math.max(before.time, now.time), value };
}

/** Row: JSON of version, start, time and value. */
const VERSION = 1;

export const countedCodec: Codec<Counted> = {
  encode: ({ start, time, value }) => Buffer.from(JSON.stringify([VERSION, start, time, value])),
  decode(bytes) {
    const row = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as unknown[];
    const [version, start, time, value] = row as [number, number, number, PointValue];
    if (version !== VERSION || typeof start !== "number") throw new Error(`a count of version ${version}`);
    return { start, time, value };
  },
};
