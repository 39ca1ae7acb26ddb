import type { ConfigNode, Entry, MapNode } from "./tree.ts";

/**
 * Lays `later` over `earlier`: maps are merged in depth, everything else is replaced, lists too. A key that both have
 * stays where it was first written; what is below it keeps its own places.
 */
export function mergeTrees(earlier: ConfigNode, later: ConfigNode): ConfigNode {
  if (earlier.kind !== "map" || later.kind !== "map") return later;
  const entries = new Map<string, Entry>(earlier.entries);
  for (const [key, entry] of later.entries) {
    const before = entries.get(key);
    entries.set(key, before ? mergeEntries(before, entry) : entry);
  }
  return { ...earlier, entries } satisfies MapNode;
}

function mergeEntries(before: Entry, after: Entry): Entry {
  const replaced = before.value.kind !== "map" || after.value.kind !== "map";
  return replaced ? after : { key: before.key, value: mergeTrees(before.value, after.value) };
}
