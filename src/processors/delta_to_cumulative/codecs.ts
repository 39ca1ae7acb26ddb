import type { Codec } from "../../component/store.ts";
import { afterAbsence, type Doubts, StreamState } from "./lineage.ts";
import type { PlainState } from "./plain-sums.ts";
import { newSource, type SourceState } from "./source-state.ts";

/**
 * A stream's row: 64-bit floats, little-endian. Version, flags (1: with doubts), number of members n, start, life,
 * falls, then n totals, n last values, and with doubts n open and n settled ones. It is written with every report, so it
 * holds nothing that does not change; the identity is a row of its own.
 */
const STREAM_VERSION = 1;
const WITH_DOUBTS = 1;
const HEADER = 6;

export const streamCodec: Codec<StreamState> = {
  encode(state) {
    const bytes = new Uint8Array(streamSize(state));
    writeStream(state, new DataView(bytes.buffer), 0);
    return bytes;
  },
  direct: { size: streamSize, write: writeStream },
  decode(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let offset = 0;
    const next = () => {
      const number = view.getFloat64(offset, true);
      offset += 8;
      return number;
    };
    const version = bytes.length < 8 * HEADER ? Number.NaN : next();
    if (version !== STREAM_VERSION) throw new Error(`stream totals of version ${version}`);
    const withDoubts = next() === WITH_DOUBTS;
    const members = next();
    if (bytes.length !== 8 * (HEADER + members * (withDoubts ? 4 : 2)))
      throw new Error("stream totals of a wrong size");
    const numbers = () => Array.from({ length: members }, next);
    const lineage = { start: next(), life: next(), falls: next() };
    const [totals, last] = [numbers(), numbers()];
    const doubts: Doubts | undefined = withDoubts
      ? { open: numbers(), settled: numbers(), falling: totals.map(() => []) }
      : undefined;
    return afterAbsence(new StreamState(lineage, totals, last, doubts));
  },
};

function streamSize({ totals, doubts }: StreamState): number {
  return 8 * (HEADER + totals.length * (doubts === undefined ? 2 : 4));
}

function writeStream({ lineage, totals, last, doubts }: StreamState, target: DataView, offset: number): void {
  target.setFloat64(offset, STREAM_VERSION, true);
  target.setFloat64(offset + 8, doubts === undefined ? 0 : WITH_DOUBTS, true);
  target.setFloat64(offset + 16, totals.length, true);
  target.setFloat64(offset + 24, lineage.start, true);
  target.setFloat64(offset + 32, lineage.life, true);
  target.setFloat64(offset + 40, lineage.falls, true);
  let end = writeNumbers(totals, target, offset + 8 * HEADER);
  end = writeNumbers(last, target, end);
  if (doubts === undefined) return;
  end = writeNumbers(doubts.open, target, end);
  writeNumbers(doubts.settled, target, end);
}

/** One after the other; gives where they end. */
function writeNumbers(numbers: readonly number[], target: DataView, offset: number): number {
  for (let index = 0; index < numbers.length; index++) target.setFloat64(offset + 8 * index, numbers[index]!, true);
  return offset + 8 * numbers.length;
}

const JSON_VERSION = 1;

/** After an absence a proof counts no more: the source may have begun again, in another mode, without our hearing of it. */
export const sourceCodec: Codec<SourceState> = jsonCodec("source", (state) => ({
  ...newSource(0),
  ...state,
  provenDelta: false,
}));

export const plainCodec: Codec<PlainState> = jsonCodec("sum", (state) => state);

function jsonCodec<T>(what: string, made: (stored: T) => T): Codec<T> {
  return {
    encode: (state) => Buffer.from(JSON.stringify({ version: JSON_VERSION, state })),
    decode(bytes) {
      const { version, state } = JSON.parse(Buffer.from(bytes).toString()) as { version: number; state: T };
      if (version !== JSON_VERSION || typeof state !== "object") throw new Error(`${what} of version ${version}`);
      return made(state);
    },
  };
}
