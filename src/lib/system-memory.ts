import { totalmem } from "node:os";
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Memory } from "./memory.ts";

const MIB = 1024 ** 2;
/** Of what V8 gives as the heap's limit without being told one; the rest is for what is young. */
const OLD_SHARE = 64 / 67;

/**
 * This process's. `nodeOptions` are the options that Node was started with, for V8 does not tell where its old space
 * ends, which is where a process dies; the limit that it tells has room for young objects besides.
 */
export function systemMemory(nodeOptions: readonly string[]): Memory {
  // Where no cgroup sets a limit, Node says a number beyond all machines.
  const allMax = Math.min(process.constrainedMemory() || Number.POSITIVE_INFINITY, totalmem());
  const heapMax = oldSpaceOption(nodeOptions) ?? getHeapStatistics().heap_size_limit * OLD_SHARE;
  let collectGarbage: (() => void) | undefined;
  return {
    read() {
      const { used_heap_size, external_memory } = getHeapStatistics();
      return { heap: used_heap_size - youngBytes(), heapMax, all: used_heap_size + external_memory, allMax };
    },
    collect() {
      if (collectGarbage === undefined) {
        // The only way to the collector of a process that was not started with this flag.
        setFlagsFromString("--expose-gc");
        collectGarbage = runInNewContext("gc") as () => void;
      }
      collectGarbage();
      return true;
    },
  };
}

/** What has not outlived a collection yet: most of it is garbage, and it is collected all the time. */
function youngBytes(): number {
  let bytes = 0;
  for (const { space_name, space_used_size } of getHeapSpaceStatistics()) {
    if (space_name.startsWith("new_")) bytes += space_used_size;
  }
  return bytes;
}

function oldSpaceOption(nodeOptions: readonly string[]): number | undefined {
  const found = nodeOptions.flatMap((option) => /^--max[-_]old[-_]space[-_]size=(\d+)$/.exec(option)?.[1] ?? []);
  return found.length === 0 ? undefined : Number(found.at(-1)) * MIB;
}
