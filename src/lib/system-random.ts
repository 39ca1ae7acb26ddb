import { randomBytes } from "node:crypto";
import { fromUint32, type Random } from "./random.ts";

const WORDS_PER_REFILL = 1024;

/** The machine's own randomness, drawn in blocks: asking the kernel for every number would dominate its cost. */
export function systemRandom(): Random {
  let words = new Uint32Array(0);
  let used = 0;
  return fromUint32(() => {
    if (used === words.length) {
      const block = randomBytes(WORDS_PER_REFILL * 4);
      words = new Uint32Array(block.buffer.slice(block.byteOffset, block.byteOffset + block.length));
      used = 0;
    }
    return words[used++]!;
  });
}
