import type { Codec } from "../../component/store.ts";
import { afterAbsence, type Doubts, type StreamState } from "./lineage.ts";
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
  encode({ lineage: { start, life, falls }, totals, last, doubts }) {
    const members = totals.length;
    const view = new DataView(new ArrayBuffer(8 * (HEADER + members * (doubts === undefined ? 2 : 4))));
    const header = [STREAM_VERSION, doubts === undefined ? 0 : WITH_DOUBTS, members, start, life, falls];
    let offset = 0;
    for (const numbers of [header, totals, last, ...(doubts === undefined ? [] : [doubts.open, doubts.settled])]) {
      for (const number of numbers) {
        view.setFloat64(offset, number, true);
        offset += 8;
      }
    }
    return new Uint8Array(view.buffer);
  },
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
    const [start, life, falls] = [next(), next(), next()];
    const [totals, last] = [numbers(), numbers()];
    const doubts: Doubts | undefined = withDoubts
      ? { open: numbers(), settled: numbers(), falling: totals.map(() => []) }
      : undefined;
    return afterAbsence({ lineage: { start, life, falls }, totals, last, doubts });
  },
};

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
