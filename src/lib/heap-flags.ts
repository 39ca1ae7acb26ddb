import { setFlagsFromString } from "node:v8";

/**
 * V8 watches where objects come from that outlive a collection, and makes all from there in the old space. Ours live until
 * the next report replaces them; in the old space they would wait for a full collection, and hold on to young ones.
 *
 * To be called before anything is compiled from cached code: V8 takes such code only with the flags that it was made with.
 */
export function setHeapFlags(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
