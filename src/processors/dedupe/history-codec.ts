import { codecOf } from "../../component/store.ts";
import { type LifeSigns, NO_LIFE_SIGNS } from "../../kit/source-life.ts";
import { PackedReader, textBytes, writeNumber, writeText } from "../../lib/packed-bytes.ts";
import { settledReceipt } from "../../model/source-facts.ts";
import { History, ReadReports, UnsureReport } from "./history.ts";

/**
 * A history's row, written with every report: version and flags (a byte each), when the source began and when it ended,
 * the number of unsure reports, and of each when it came, its fingerprint and its epoch, as `packed-bytes.ts` writes them.
 *
 * In version 2 fingerprints were texts, of another kind: a report that comes again after the change is not recognised.
 * Version 1 was JSON, `{"version":1,"signs":{...},"unsure":[...]}`, so its first byte is a brace.
 */
const VERSION = 3;
const VERSION_OF_TEXTS = 2;
const BRACE = 0x7b;
const HEADER_BYTES = 2;
const NUMBER_BYTES = 8;
const RELOAD = 1;
const END_TAKEN = 2;

/** Receipts are live: what comes back from the store is unsure for good. */
const NO_PROOF = settledReceipt("unknown");

export const historyCodec = codecOf<History>({ size: historyBytes, write: writeHistory, read: readHistory });

function historyBytes({ unsure }: History): number {
  let bytes = HEADER_BYTES + 3 * NUMBER_BYTES;
  for (const { epoch } of unsure) bytes += 2 * NUMBER_BYTES + textBytes(epoch);
  return bytes;
}

function writeHistory({ signs, unsure }: History, target: DataView, offset: number): void {
  target.setUint8(offset, VERSION);
  target.setUint8(offset + 1, (signs.reload ? RELOAD : 0) + (signs.endTaken ? END_TAKEN : 0));
  let end = writeNumber(signs.beganAt, target, offset + HEADER_BYTES);
  end = writeNumber(signs.closedAt, target, end);
  end = writeNumber(unsure.length, target, end);
  for (const { fingerprint, epoch, at } of unsure) {
    end = writeNumber(at, target, end);
    end = writeNumber(fingerprint, target, end);
    end = writeText(epoch, target, end);
  }
}

function readHistory(source: DataView, offset: number, size: number): History {
  const reader = new PackedReader(source, offset, size);
  const version = reader.byte();
  if (version === BRACE) return jsonHistory(source, offset, size);
  if (version !== VERSION && version !== VERSION_OF_TEXTS) throw new Error(`history of version ${version}`);
  const flags = reader.byte();
  const signs = {
    beganAt: reader.number(),
    reload: (flags & RELOAD) !== 0,
    closedAt: reader.number(),
    endTaken: (flags & END_TAKEN) !== 0,
  };
  const unsure: UnsureReport[] = [];
  for (let left = reader.number(); left > 0; left--) {
    const at = reader.number();
    const fingerprint = version === VERSION ? reader.number() : reader.text();
    const epoch = reader.text();
    const beganAt = at >= signs.beganAt ? signs.beganAt : 0; // Any other beginning is over.
    if (typeof fingerprint === "number") unsure.push(new UnsureReport(fingerprint, epoch, at, beganAt, NO_PROOF));
  }
  reader.end();
  return new History(signs, unsure, new ReadReports());
}

interface JsonHistory {
  readonly version: number;
  readonly signs: Omit<LifeSigns, "endTaken">;
}

function jsonHistory(source: DataView, offset: number, size: number): History {
  const text = Buffer.from(source.buffer, source.byteOffset + offset, size).toString();
  const { version, signs } = JSON.parse(text) as JsonHistory;
  if (version !== 1) throw new Error(`history of version ${version}`);
  return new History({ ...NO_LIFE_SIGNS, ...signs }, [], new ReadReports());
}
