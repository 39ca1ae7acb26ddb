import { type Codec, codecOf } from "../../component/store.ts";
import type { Adjustment } from "../../component/totals.ts";
import { afterAbsence } from "./doubts.ts";
import type { PlainState } from "./plain-sums.ts";
import { numbersOfReadings, readingsOfNumbers } from "./stored-readings.ts";
import { type Doubts, lineageOf, StreamState } from "./stream-state.ts";

/**
 * A stream's row: 64-bit floats, little-endian. Version, flags (1: with doubts, 2: with readings), number of members n,
 * start, life, falls, epochs, time of the last report, then n totals, n last values, with doubts n open and n settled
 * ones, then the readings. It is written with every report, so it holds nothing that does not change; the identity is a
 * row of its own.
 */
const STREAM_VERSION = 4;
/** From this one on there are epochs and the time of the last report. Version 1 had no readings either. */
const FIRST_TIMED_VERSION = 3;
/** From this one on readings say in how many reports more may be accepted. */
const FIRST_ACCEPTING_VERSION = 4;
const WITH_DOUBTS = 1;
const WITH_READINGS = 2;
const HEADER = 8;
const UNTIMED_HEADER = 6;

export const streamCodec = codecOf<StreamState>({ size: streamSize, write: writeStream, read: readStream });

function readStream(source: DataView, offset: number, size: number): StreamState {
  const end = offset + size;
  let at = offset;
  const next = () => {
    const number = at + 8 > end ? Number.NaN : source.getFloat64(at, true);
    at += 8;
    return number;
  };
  const version = next();
  if (!(version >= 1 && version <= STREAM_VERSION)) throw new Error(`stream totals of version ${version}`);
  const isTimed = version >= FIRST_TIMED_VERSION;
  const flags = next();
  const members = next();
  const [start, life, falls] = [next(), next(), next()];
  const lineage = lineageOf(start, life, falls, isTimed ? next() : falls + 1);
  const reportAt = isTimed ? next() : 0;
  if (!(size >= 8 * ((isTimed ? HEADER : UNTIMED_HEADER) + members * 2))) {
    throw new Error("stream totals of a wrong size");
  }
  const numbers = () => {
    const read: number[] = [];
    for (let member = 0; member < members; member++) read.push(next());
    return read;
  };
  const [totals, last] = [numbers(), numbers()];
  const doubts: Doubts | undefined =
    (flags & WITH_DOUBTS) !== 0 ? { open: numbers(), settled: numbers(), falling: totals.map(() => []) } : undefined;
  const readings =
    (flags & WITH_READINGS) !== 0 ? readingsOfNumbers(members, next, version >= FIRST_ACCEPTING_VERSION) : undefined;
  if (at !== end) throw new Error("stream totals of a wrong size");
  return afterAbsence(new StreamState(lineage, totals, last, reportAt, doubts, readings));
}

function streamSize({ totals, doubts, readings }: StreamState): number {
  const numbers = HEADER + totals.length * (doubts === undefined ? 2 : 4);
  return 8 * (readings === undefined ? numbers : numbers + numbersOfReadings(readings).length);
}

function writeStream(state: StreamState, target: DataView, offset: number): void {
  const { lineage, totals, last, reportAt, doubts, readings } = state;
  const flags = (doubts === undefined ? 0 : WITH_DOUBTS) + (readings === undefined ? 0 : WITH_READINGS);
  target.setFloat64(offset, STREAM_VERSION, true);
  target.setFloat64(offset + 8, flags, true);
  target.setFloat64(offset + 16, totals.length, true);
  target.setFloat64(offset + 24, lineage.start, true);
  target.setFloat64(offset + 32, lineage.life, true);
  target.setFloat64(offset + 40, lineage.falls, true);
  target.setFloat64(offset + 48, lineage.epochs, true);
  target.setFloat64(offset + 56, reportAt, true);
  let end = writeNumbers(totals, target, offset + 8 * HEADER);
  end = writeNumbers(last, target, end);
  if (doubts !== undefined) {
    end = writeNumbers(doubts.open, target, end);
    end = writeNumbers(doubts.settled, target, end);
  }
  if (readings !== undefined) writeNumbers(numbersOfReadings(readings), target, end);
}

/** One after the other; gives where they end. */
function writeNumbers(numbers: readonly number[], target: DataView, offset: number): number {
  for (let index = 0; index < numbers.length; index++) target.setFloat64(offset + 8 * index, numbers[index]!, true);
  return offset + 8 * numbers.length;
}

const JSON_VERSION = 1;

export const plainCodec: Codec<PlainState> = jsonCodec("sum");

export const adjustmentCodec: Codec<Adjustment> = jsonCodec("correction");

function jsonCodec<T>(what: string): Codec<T> {
  return {
    encode: (state) => Buffer.from(JSON.stringify({ version: JSON_VERSION, state })),
    decode(bytes) {
      const { version, state } = JSON.parse(Buffer.from(bytes).toString()) as { version: number; state: T };
      if (version !== JSON_VERSION || typeof state !== "object") throw new Error(`${what} of version ${version}`);
      return state;
    },
  };
}
