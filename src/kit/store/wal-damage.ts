import { closeSync, openSync, readSync, statSync } from "node:fs";

/**
 * SQLite's write-ahead log ends, for SQLite, where a checksum does not fit: that is what a kill or a power failure in the
 * middle of a commit leaves behind, and it loses nothing that was acknowledged. But a byte that flipped in the middle
 * looks the same, and loses every commit after it without a word. What tells them apart is what stands behind: of the
 * one commit that was cut off there can be one last frame, and of a whole commit after it there is another.
 *
 * Format: https://sqlite.org/fileformat2.html#the_write_ahead_log. Gives what is wrong, or undefined.
 */
export function walDamage(file: string): string | undefined {
  const log = readLog(file);
  if (log === undefined) return undefined;
  const header = headerOf(log);
  if (header === undefined) {
    return log.byteLength > HEADER_BYTES + FRAME_HEADER_BYTES
      ? "the head of its write-ahead log is damaged"
      : undefined;
  }
  const { pageBytes, littleEndian, salt1, salt2 } = header;
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  let sum = header.sum;
  let intact = true;
  let commitsBehind = 0;
  for (let at = HEADER_BYTES; at + frameBytes <= log.byteLength; at += frameBytes) {
    // What an earlier round of the log left has other salts, and is nobody's any more.
    const ours = log.getUint32(at + 8) === salt1 && log.getUint32(at + 12) === salt2;
    if (intact) {
      sum = checksum(log, at, 8, littleEndian, sum);
      sum = checksum(log, at + FRAME_HEADER_BYTES, pageBytes, littleEndian, sum);
      intact = ours && sum[0] === log.getUint32(at + 16) && sum[1] === log.getUint32(at + 20);
    }
    if (!intact && ours && log.getUint32(at + 4) !== 0) commitsBehind++;
  }
  return commitsBehind > 1 ? "its write-ahead log is damaged in the middle" : undefined;
}

const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
/** The last bit says in which byte order the checksums read the file. */
const MAGIC = 0x377f0682;

function headerOf(log: DataView) {
  const magic = log.getUint32(0);
  if ((magic & ~1) >>> 0 !== MAGIC) return undefined;
  const littleEndian = (magic & 1) === 0;
  const sum = checksum(log, 0, 24, littleEndian, [0, 0]);
  if (sum[0] !== log.getUint32(24) || sum[1] !== log.getUint32(28)) return undefined;
  return { pageBytes: log.getUint32(8), littleEndian, salt1: log.getUint32(16), salt2: log.getUint32(20), sum };
}

function checksum(log: DataView, from: number, bytes: number, littleEndian: boolean, sum: Sum): Sum {
  let [first, second] = sum;
  for (let at = from; at < from + bytes; at += 8) {
    first = (first + log.getUint32(at, littleEndian) + second) >>> 0;
    second = (second + log.getUint32(at + 4, littleEndian) + first) >>> 0;
  }
  return [first, second];
}

type Sum = readonly [number, number];

function readLog(file: string): DataView | undefined {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size < HEADER_BYTES) return undefined;
  const bytes = Buffer.allocUnsafe(size);
  const descriptor = openSync(file, "r");
  const read = readSync(descriptor, bytes, 0, size, 0);
  closeSync(descriptor);
  return new DataView(bytes.buffer, bytes.byteOffset, read);
}
