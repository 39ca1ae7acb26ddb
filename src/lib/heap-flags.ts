import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from "node:v8";

const MEBIBYTE = 1024 * 1024;
/** Both halves of where V8 makes objects: what it copies them from, and to. It begins with 1 MiB, and grows to this. */
const YOUNG_BYTES = 32 * MEBIBYTE;
const YOUNG_BYTES_MAX = 128 * MEBIBYTE;
const YOUNG_GROWTH = 16;
/** V8 collects all garbage when so much came since the last time, within these bounds, which are parts of what was alive. */
const GARBAGE_BYTES = 64 * MEBIBYTE;
const GARBAGE_PERCENT_MIN = 50;
const GARBAGE_PERCENT_MAX = 400;
/** A heap is small while there is less in it that outlived a full collection. What is outside is freed too late to tell. */
const SMALL_BYTES = 32 * MEBIBYTE;
/** It may have twice as many young objects after so many full collections. */
const COLLECTIONS_OF_SMALL = 4;
/** Of a large one. What is collected too late there is a lot of memory, what is collected often is little of the work. */
const YOUNG_BYTES_OF_LARGE = 4 * MEBIBYTE;
const GARBAGE_BYTES_OF_LARGE = 12 * MEBIBYTE;
const GARBAGE_PERCENT_MIN_OF_LARGE = 10;

/**
 * V8 watches where objects come from that outlive a collection, and makes all from there in the old space. Ours live until
 * the next report replaces them; in the old space they would wait for a full collection, and hold on to young ones.
 *
 * And it collects all garbage whenever buffers of so many megabytes were made outside the heap, however large the heap is:
 * requests that are unpacked and packed again made that a third of the work. Now what is outside counts with what is inside.
 *
 * To be called before anything is compiled from cached code: V8 takes such code only with the flags that it was made with.
 */
export function setHeapFlags(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString(`--semi-space-growth-factor=${YOUNG_GROWTH}`);
  setFlagsFromString(`--heap-growing-percent=${GARBAGE_PERCENT_MIN}`);
  setFlagsFromString("--no-memory-saver-mode");
}

/**
 * Keeps the heap as large as it is of use. Where there is much memory V8 lets each half of the young objects grow to 64 MiB,
 * and collects when there are several times as many bytes as were alive the last time: all of it is memory that the kernel
 * has to hand out and clear first, which takes longer than to collect.
 *
 * A small heap in turn is given more than V8 would give. Where it is collected often, what lives for a report or two gets
 * old before it dies, and that is what more room for young objects prevents. A large one is given less: V8 takes room for
 * young objects back where it collects to save memory, so it is told to until there is no more than should be.
 */
export function followHeap(): void {
  let youngBytesOfSmall = YOUNG_BYTES;
  let collections = 0;
  let isSmall = true;
  const adjust = () => {
    const young = youngSpace().space_size;
    const youngBytes = isSmall ? youngBytesOfSmall : YOUNG_BYTES_OF_LARGE;
    const growth = Math.min(Math.max(Math.round(youngBytes / young), 1), YOUNG_GROWTH);
    setFlagsFromString(`--semi-space-growth-factor=${growth}`);
    setFlagsFromString(isSmall || young < 2 * youngBytes ? "--no-memory-saver-mode" : "--memory-saver-mode");
    const garbage = isSmall
      ? garbagePercent(GARBAGE_BYTES, GARBAGE_PERCENT_MIN)
      : garbagePercent(GARBAGE_BYTES_OF_LARGE, GARBAGE_PERCENT_MIN_OF_LARGE);
    setFlagsFromString(`--heap-growing-percent=${garbage}`);
  };
  adjust();
  new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as CollectionEntry[]) {
      if (detail.kind !== constants.NODE_PERFORMANCE_GC_MAJOR) continue;
      isSmall = getHeapStatistics().used_heap_size - youngSpace().space_used_size < SMALL_BYTES;
      if (!isSmall) continue;
      collections++;
      if (collections % COLLECTIONS_OF_SMALL === 0) {
        youngBytesOfSmall = Math.min(2 * youngBytesOfSmall, YOUNG_BYTES_MAX);
      }
    }
    adjust();
  }).observe({ entryTypes: ["gc"] });
}

const youngSpace = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")!;

/** What so many bytes are of what there is. */
function garbagePercent(bytes: number, percentMin: number): number {
  const { used_heap_size: inside, external_memory: outside } = getHeapStatistics();
  const percent = (100 * bytes) / (inside + outside);
  return Math.round(Math.min(Math.max(percent, percentMin), GARBAGE_PERCENT_MAX));
}

interface CollectionEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number };
}
