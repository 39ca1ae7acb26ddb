import { viewOf } from "./view-of.ts";

/**
 * Snappy's block format, which is what Prometheus' remote write asks for:
 * https://github.com/google/snappy/blob/main/format_description.txt
 *
 * The length of the whole in front, then pieces: bytes as they are, or a copy of what stood so many bytes before. Matches
 * are looked for within 64 KiB, so that every distance fits two bytes.
 */

const BLOCK_BYTES = 65_536;
/** A shorter copy takes as much room as the bytes themselves. */
const MATCH_BYTES_MIN = 4;
const COPY_BYTES_MAX = 64;
const TABLE_BITS = 14;

export function snappyCompressed(input: Uint8Array): Uint8Array {
  // Bytes as they are cost up to three more for each block, and copies are never longer than what they stand for.
  const output = new Output(16 + input.length + 4 * Math.ceil(input.length / BLOCK_BYTES));
  output.length(input.length);
  const table = new Uint16Array(1 << TABLE_BITS);
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    table.fill(0);
    compressBlock(input.subarray(start, start + BLOCK_BYTES), table, output);
  }
  return output.finish();
}

/** `table`: where the last four bytes of each hash stood; zeros at first, which is as good a guess as any. */
function compressBlock(block: Uint8Array, table: Uint16Array, output: Output): void {
  const view = viewOf(block);
  const last = block.length - MATCH_BYTES_MIN;
  let literalsFrom = 0;
  let misses = 0;
  for (let at = 1; at <= last; ) {
    const four = view.getUint32(at, true);
    const hash = Math.imul(four, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = table[hash]!;
    table[hash] = at;
    if (view.getUint32(candidate, true) !== four) {
      // What does not compress is looked at in ever longer steps.
      at += 1 + (misses++ >> 5);
      continue;
    }
    let end = at + MATCH_BYTES_MIN;
    while (end < block.length && block[end] === block[candidate + end - at]) end++;
    output.literals(block, literalsFrom, at);
    output.copy(at - candidate, end - at);
    literalsFrom = at = end;
    misses = 0;
  }
  output.literals(block, literalsFrom, block.length);
}

const LITERALS = 0;
const COPY_ONE_BYTE = 1;
const COPY_TWO_BYTES = 2;

class Output {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytesMax: number) {
    this.#bytes = new Uint8Array(bytesMax);
  }

  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  length(value: number): void {
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#byte((rest % 0x80) | 0x80);
    this.#byte(rest);
  }

  literals(block: Uint8Array, from: number, to: number): void {
    const count = to - from - 1;
    if (count < 0) return;
    if (count < 60) {
      this.#byte((count << 2) | LITERALS);
    } else if (count < 0x100) {
      this.#byte((60 << 2) | LITERALS);
      this.#byte(count);
    } else {
      this.#byte((61 << 2) | LITERALS);
      this.#twoBytes(count);
    }
    this.#bytes.set(block.subarray(from, to), this.#at);
    this.#at += to - from;
  }

  copy(distance: number, bytes: number): void {
    for (let rest = bytes; rest > 0; rest -= COPY_BYTES_MAX) {
      const count = Math.min(rest, COPY_BYTES_MAX);
      if (count >= 4 && count < 12 && distance < 2048) {
        this.#byte(((distance >> 8) << 5) | ((count - 4) << 2) | COPY_ONE_BYTE);
        this.#byte(distance & 0xff);
      } else {
        this.#byte(((count - 1) << 2) | COPY_TWO_BYTES);
        this.#twoBytes(distance);
      }
    }
  }

  #byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  #twoBytes(value: number): void {
    this.#byte(value & 0xff);
    this.#byte(value >> 8);
  }
}
