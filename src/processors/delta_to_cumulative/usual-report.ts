import type { LifeView } from "./life-view.ts";
import { type Behaviours, isCount, isCounter, StreamState } from "./stream-state.ts";

/**
 * The state after a report like nearly all: of the one emitter of a life that goes on, its mode told, its counters grown.
 * Undefined where there is anything more to it, which `lineage.ts` finds out; what this gives, that would give as well.
 * Only here because it is the path of every report: it asks each question once, and makes no list but the totals.
 */
export function afterUsualReport(
  { lineage, totals, last, doubts, readings }: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  { mode, life, nextLife, late, emitters, at }: LifeView,
): StreamState | undefined {
  const goesOn = lineage.life === life && nextLife === life && !late;
  if (!goesOn || mode === "undecided" || doubts !== undefined || readings !== undefined) return undefined;
  const isDelta = mode === "delta";
  if (!isDelta && emitters > 1) return undefined;
  let hasConnections = isDelta;
  const totalsAfter = totals.slice();
  for (let index = 0; index < behaviours.length; index++) {
    const value = values[index]!;
    const total = totals[index]!;
    if (!isCount(value) || Number.isNaN(total)) return undefined;
    const behaviour = behaviours[index]!;
    if (behaviour === "level") {
      if (total > 0) hasConnections = true;
      totalsAfter[index] = value;
    } else if (behaviour === "by_mode" && isDelta) {
      totalsAfter[index] = total + value;
    } else {
      const grownBy = value - last[index]!;
      if (!(grownBy >= 0)) return undefined;
      if (grownBy > 0 && isCounter(behaviour)) hasConnections = true;
      totalsAfter[index] = total + grownBy;
    }
  }
  // Without a connection nothing moves: it may be another emitter.
  return hasConnections ? new StreamState(lineage, totalsAfter, values, at) : undefined;
}
