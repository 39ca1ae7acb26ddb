/** The process's memory as a value that is handed in. */
export interface Memory {
  read(): MemoryNumbers;
  /** Collects all garbage now: everything waits meanwhile, about a second for each GiB that is in use. */
  collect(): void;
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
