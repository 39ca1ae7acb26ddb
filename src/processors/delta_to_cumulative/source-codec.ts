import { codecOf } from "../../component/store.ts";
import { NO_LIFE_SIGNS } from "../../kit/source-life.ts";
import { PackedReader, textBytes, writeNumber, writeText } from "../../lib/packed-bytes.ts";
import { newSource, type SourceState } from "./source-state.ts";

/**
 * A source's row, written with every report: version, flags, how many former epochs there are (a byte each); the numbers
 * (ten of 64 bits), the epoch and the former ones, as `packed-bytes.ts` writes them. `provenDelta` is not kept.
 *
 * Version 1 was JSON, `{"version":1,"state":{...}}`, so its first byte is a brace.
 */
const VERSION = 2;
const BRACE = 0x7b;
const HEADER_BYTES = 3;
const NUMBERS_BYTES = 10 * 8;

const RELOAD = 1;
const RESTART_WAITS = 2;
const SEVERAL = 4;
const TOLD_DELTA = 8;
const TOLD_CUMULATIVE = 16;
const END_TAKEN = 32;

export const sourceCodec = codecOf<SourceState>({ size: sourceBytes, write: writeSource, read: readSource });

function sourceBytes({ epoch, formerEpochs }: SourceState): number {
  let bytes = HEADER_BYTES + NUMBERS_BYTES + textBytes(epoch);
  for (const former of formerEpochs) bytes += textBytes(former);
  return bytes;
}

function writeSource(state: SourceState, target: DataView, offset: number): void {
  const { signs, told, formerEpochs } = state;
  target.setUint8(offset, VERSION);
  target.setUint8(
    offset + 1,
    (signs.reload ? RELOAD : 0) +
      (state.restartWaits ? RESTART_WAITS : 0) +
      (state.several ? SEVERAL : 0) +
      (told === "delta" ? TOLD_DELTA : 0) +
      (told === "cumulative" ? TOLD_CUMULATIVE : 0) +
      (signs.endTaken ? END_TAKEN : 0),
  );
  target.setUint8(offset + 2, formerEpochs.length);
  let end = writeNumber(state.life, target, offset + HEADER_BYTES);
  end = writeNumber(state.restart, target, end);
  end = writeNumber(state.beganAt, target, end);
  end = writeNumber(signs.beganAt, target, end);
  end = writeNumber(signs.closedAt, target, end);
  end = writeNumber(state.countedBeginAt, target, end);
  end = writeNumber(state.reportAt, target, end);
  end = writeNumber(state.since, target, end);
  end = writeNumber(state.accountedAt, target, end);
  end = writeNumber(state.unreportedMs, target, end);
  end = writeText(state.epoch, target, end);
  for (const former of formerEpochs) end = writeText(former, target, end);
}

/** After an absence a proof counts no more: the source may have begun again, in another mode, without our hearing of it. */
function readSource(source: DataView, offset: number, size: number): SourceState {
  const reader = new PackedReader(source, offset, size);
  const version = reader.byte();
  if (version === BRACE) return jsonSource(source, offset, size);
  if (version !== VERSION) throw new Error(`source of version ${version}`);
  const flags = reader.byte();
  const formerEpochCount = reader.byte();
  const [life, restart, beganAt] = [reader.number(), reader.number(), reader.number()];
  const signs = {
    beganAt: reader.number(),
    reload: (flags & RELOAD) !== 0,
    closedAt: reader.number(),
    endTaken: (flags & END_TAKEN) !== 0,
  };
  const [countedBeginAt, reportAt, since] = [reader.number(), reader.number(), reader.number()];
  const [accountedAt, unreportedMs] = [reader.number(), reader.number()];
  const epoch = reader.text();
  const formerEpochs = Array.from({ length: formerEpochCount }, () => reader.text()!);
  reader.end();
  return {
    life,
    restart,
    beganAt,
    signs,
    countedBeginAt,
    restartWaits: (flags & RESTART_WAITS) !== 0,
    told: toldOf(flags),
    epoch,
    formerEpochs,
    provenDelta: false,
    several: (flags & SEVERAL) !== 0,
    reportAt,
    since,
    accountedAt,
    unreportedMs,
  };
}

function toldOf(flags: number): SourceState["told"] {
  if ((flags & TOLD_DELTA) !== 0) return "delta";
  return (flags & TOLD_CUMULATIVE) !== 0 ? "cumulative" : undefined;
}

/** What version 1 did not have yet is as a new source has it. */
function jsonSource(source: DataView, offset: number, size: number): SourceState {
  const text = Buffer.from(source.buffer, source.byteOffset + offset, size).toString();
  const { version, state } = JSON.parse(text) as { version: number; state: Partial<SourceState> };
  if (version !== 1 || typeof state !== "object") throw new Error(`source of version ${version}`);
  return { ...newSource(0), ...state, signs: { ...NO_LIFE_SIGNS, ...state.signs }, provenDelta: false };
}
