import { attributesKey } from "../../model/attributes.ts";
import type { Resource } from "../../model/series.ts";

/** More than nodes that report to most agents, few enough to look at each. */
export const LANES = 64;

/**
 * The lane of a resource: what has one lane is sent in order, one request at a time, and what fails holds up its lane
 * alone. Made of the resource's attributes only, so it is the same after a restart.
 */
export function createLaneOf(): (resource: Resource) => number {
  const lanes = new WeakMap<Resource, number>();
  return (resource) => {
    let lane = lanes.get(resource);
    if (lane === undefined) {
      lane = hash(attributesKey(resource.attributes)) % LANES;
      lanes.set(resource, lane);
    }
    return lane;
  };
}

/** FNV-1a over the text's code units, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
