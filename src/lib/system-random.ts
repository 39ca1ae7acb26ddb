import { randomFillSync } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { fromUint32, type Random } from "./random.ts";

const WORDS_PER_REFILL = 1024;

/** The machine's own randomness, drawn in blocks: asking the kernel for every number would dominate its cost. */
export function systemRandom(): Random {
  let words = new Uint32Array(0);
  let used = 0;
  return fromUint32(() => {
    if (used === words.length) {
      words = randomWords();
      used = 0;
    }
    return words[used++]!;
  });
}

/** From the kernel itself, where it has a file for that: every start asks, and `node:crypto` takes 4 ms to load. */
function randomWords(): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(WORDS_PER_REFILL);
  if (!readKernelRandomness(words)) randomFillSync(words);
  return words;
}

function readKernelRandomness(words: Uint32Array<ArrayBuffer>): boolean {
  try {
    const file = openSync("/dev/urandom", "r");
    try {
      return fstatSync(file).isCharacterDevice() && readSync(file, words) === words.byteLength;
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
}
