import { setFlagsFromString } from "node:v8";

const GROWING_PERCENT = 100;

/**
 * V8 watches where objects come from that outlive a collection, and makes all from there in the old space. Ours live until
 * the next report replaces them; in the old space they would wait for a full collection, and hold on to young ones.
 *
 * And it collects all garbage whenever buffers of so many megabytes were made outside the heap, however large the heap is:
 * requests that are unpacked and packed again made that a third of the work. Now what is outside counts with what is inside.
 *
 * And it collects late where there is much memory: when there are several times as many bytes as were alive the last time.
 * All of these are memory that the kernel has to hand out and clear first, which takes longer than to collect. Now it is
 * when there are so many percent more.
 *
 * To be called before anything is compiled from cached code: V8 takes such code only with the flags that it was made with.
 */
export function setHeapFlags(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString("--external-memory-accounted-in-global-limit");
  setFlagsFromString(`--heap-growing-percent=${GROWING_PERCENT}`);
}
