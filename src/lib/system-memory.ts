import { totalmem } from "node:os";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Memory } from "./memory.ts";

/** This process's. */
export function systemMemory(): Memory {
  // Where no cgroup sets a limit, Node says a number beyond all machines.
  const allMax = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  let collectGarbage: (() => void) | undefined;
  return {
    read() {
      const { used_heap_size, heap_size_limit, external_memory } = getHeapStatistics();
      return { heap: used_heap_size, heapMax: heap_size_limit, all: used_heap_size + external_memory, allMax };
    },
    collect() {
      if (collectGarbage === undefined) {
        // The only way to the collector of a process that was not started with this flag.
        setFlagsFromString("--expose-gc");
        collectGarbage = runInNewContext("gc") as () => void;
      }
      collectGarbage();
    },
  };
}
