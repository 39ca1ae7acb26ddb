import { withFallingValue } from "./falling-chain.ts";
import type { LifeView } from "./life-view.ts";
import { withAdded } from "./readings.ts";
import { type Behaviours, type Doubts, isCount, StreamState, uncertainty } from "./stream-state.ts";

/** What a report leaves uncertain: in an undecided life, the difference between the two readings of its values. */
export function doubted(
  before: StreamState,
  counted: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): StreamState {
  let doubts = before.doubts ?? noDoubts(behaviours.length);
  if (counted.lineage !== before.lineage) doubts = settle(doubts);
  switch (view.mode) {
    case "cumulative":
      return withoutIdleDoubts(withDoubts(counted, { ...noDoubts(behaviours.length), settled: doubts.settled }));
    case "delta":
      return withoutIdleDoubts(afterProof(withDoubts(counted, doubts)));
    case "undecided": {
      const open = doubts.open.slice();
      const falling = doubts.falling.slice();
      for (let index = 0; index < behaviours.length; index++) {
        const value = values[index]!;
        if (behaviours[index] !== "by_mode" || !isCount(value)) continue;
        open[index] = open[index]! + value - (counted.totals[index]! - (before.totals[index]! || 0));
        falling[index] = withFallingValue(falling[index]!, value, view.lineagesMax + 1);
      }
      return withDoubts(counted, { open, settled: doubts.settled, falling });
    }
  }
}

/** The state once it is proven that the values of its life were deltas: what they could have meant is added. */
export function afterProof(state: StreamState): StreamState {
  const { lineage, last, reportAt, doubts, readings } = state;
  if (doubts === undefined || doubts.open.every((open) => open === 0)) return state;
  const totals = state.totals.map((total, index) => total + doubts.open[index]!);
  const proven = { ...doubts, open: doubts.open.map(() => 0), falling: doubts.falling.map(() => []) };
  return new StreamState(lineage, totals, last, reportAt, proven, readings && withAdded(readings, doubts.open));
}

/** Whether the values of its life cannot have been anything but deltas. */
export function provesDelta({ doubts }: StreamState, { lineagesMax }: LifeView): boolean {
  if (doubts === undefined) return false;
  for (const ends of doubts.falling) if (ends.length > lineagesMax) return true;
  return false;
}

/** The state as it goes on after we were away: a restart may have gone unseen, so what was open stays undecided. */
export function afterAbsence(state: StreamState): StreamState {
  return state.doubts === undefined ? state : withDoubts(state, settle(state.doubts));
}

/**
 * The state after a report that was left out as a repeat, though nobody knows: had it been news, it would have added so
 * much. That no proof of its mode will settle. Equal counters of one emitter have not moved.
 */
export function afterAssumedRepeat(
  state: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  { mode, emitters }: LifeView,
): StreamState {
  if (mode === "cumulative" && emitters === 1) return state;
  const doubts = state.doubts ?? noDoubts(behaviours.length);
  const missed = behaviours.map((behaviour, index) =>
    behaviour === "by_mode" && isCount(values[index]!) ? values[index]! : 0,
  );
  if (missed.every((value) => value === 0)) return state;
  return withDoubts(state, { ...doubts, settled: doubts.settled.map((settled, index) => settled + missed[index]!) });
}

export function noDoubts(members: number): Doubts {
  const none = new Array<number>(members).fill(0);
  return { open: none, settled: none, falling: none.map(() => []) };
}

function withoutIdleDoubts(state: StreamState): StreamState {
  const isCertain = state.totals.every((_, index) => uncertainty(state, index) === 0);
  return isCertain ? withDoubts(state, undefined) : state;
}

function withDoubts(state: StreamState, doubts: Doubts | undefined): StreamState {
  const { lineage, totals, last, reportAt, readings } = state;
  return new StreamState(lineage, totals, last, reportAt, doubts, readings);
}

function settle(doubts: Doubts): Doubts {
  if (doubts.open.every((open) => open === 0) && doubts.falling.every((ends) => ends.length === 0)) return doubts;
  return {
    open: doubts.open.map(() => 0),
    settled: doubts.settled.map((settled, index) => settled + doubts.open[index]!),
    falling: doubts.falling.map(() => []),
  };
}
