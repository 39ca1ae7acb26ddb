import type { Clock } from "./clock.ts";

/** The process's memory as a value that is handed in. */
export interface Memory {
  read(): MemoryNumbers;
  /**
   * Collects all garbage now: everything waits meanwhile, about a second for each GiB that is in use. False where it did
   * not, for that was done a short while ago.
   */
  collect(): boolean;
}

/** In bytes. What is garbage and was not collected yet counts as used. */
export interface MemoryNumbers {
  /** The part of JavaScript's heap that lasts, and where it ends: beyond that the process dies. */
  readonly heap: number;
  readonly heapMax: number;
  /** The heap and all buffers, and what this machine or container has: beyond that the process is killed. */
  readonly all: number;
  readonly allMax: number;
}

/** The Collector's `min_gc_interval_when_soft_limited`. */
const COLLECT_PERIOD_MS = 10_000;

/** The same memory for all who limit it: together they have garbage collected every ten seconds at the most. */
export function collectedSeldom(memory: Memory, clock: Clock): Memory {
  let collectedAt = Number.NEGATIVE_INFINITY;
  return {
    read: () => memory.read(),
    collect() {
      const now = clock.monotonic();
      if (now - collectedAt < COLLECT_PERIOD_MS) return false;
      collectedAt = now;
      return memory.collect();
    },
  };
}
