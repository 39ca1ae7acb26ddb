import type { MemberBehaviour } from "../../model/series.ts";
import { withFallingValue } from "./falling-chain.ts";

/**
 * The totals of one stream, and what is known of the emitter behind it. Immutable: each report makes a new value.
 *
 * One emitter at a time: the run of its values is a lineage, a lineage begins at zero, and what it grew by is added to
 * the totals. So whatever belongs to the question "whose value is this" is in this file, as functions of the state, the
 * report and what the source's life says.
 *
 * All arrays have one entry for each member of the stream; NaN stands for a member that was not reported yet.
 *
 * A class, because V8 watches literals: once their objects live for a while, it makes all of them in the old space. A
 * state that each report replaces would be garbage there, which holds on to more of it until a full collection.
 */
export class StreamState {
  readonly lineage: Lineage;
  /** The exported totals; of a level its present value. Totals never fall. */
  readonly totals: readonly number[];
  /** The values that the lineage reported last. */
  readonly last: readonly number[];
  /** Absent while nothing is uncertain, as always where the mode is told from the beginning. */
  readonly doubts: Doubts | undefined;

  constructor(lineage: Lineage, totals: readonly number[], last: readonly number[], doubts?: Doubts) {
    this.lineage = lineage;
    this.totals = totals;
    this.last = last;
    this.doubts = doubts;
  }
}

/** What few reports change: it is shared by the states in between, for one is made for every report. */
export interface Lineage {
  /** The start time of the exported totals. */
  readonly start: number;
  /** The life of the source that it belongs to. */
  readonly life: number;
  /** How often a counter fell that nothing had announced. */
  readonly falls: number;
}

/** By how much totals could be too low. */
export interface Doubts {
  /** What values could have meant more than was counted, in the present life: a proof may still add it. */
  readonly open: readonly number[];
  /** The same of lives that are over: nothing will decide it any more. */
  readonly settled: readonly number[];
  /** What speaks for deltas, by member (`withFallingValue`). Not stored. */
  readonly falling: readonly (readonly number[])[];
}

/** `undecided`: nothing was told and nothing proven; what counts less is shown. */
export type Mode = "delta" | "cumulative" | "undecided";

/** What the source's life says about a report. */
export interface LifeView {
  readonly mode: Mode;
  readonly life: number;
  /** The life of a report that cannot be the present life's: one more while a beginning waits for its first report. */
  readonly nextLife: number;
  readonly restart: number;
  /** How many lineages an identity can have had in this life at the most, one unseen restart among them. */
  readonly lineagesMax: number;
  /** The report names an epoch that is over: an instance that lives on, of which no lineage is kept. */
  readonly late: boolean;
}

export type Behaviours = readonly MemberBehaviour[];

/** A stream before its first report. Its epoch began at zero, so its first values count in whole. */
export function newStream(start: number, members: number, life: number): StreamState {
  const none = Array.from({ length: members }, () => Number.NaN);
  return new StreamState({ start, life, falls: 0 }, none, none);
}

/** A stream whose first values are left out, for they count what was before us. Deltas count since the last report. */
export function newStreamWithout(state: StreamState, values: readonly number[], behaviours: Behaviours, mode: Mode) {
  const isLeftOut = (index: number) =>
    behaviours[index] === "cumulative" || (behaviours[index] === "by_mode" && mode !== "delta");
  const last = values.map((value, index) => (isLeftOut(index) && isCount(value) ? value : Number.NaN));
  return new StreamState(state.lineage, state.totals, last, state.doubts);
}

/** Whether a value can be counted at all. */
export function isCount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}

/** The state after a report. Values that cannot be counted leave their member as it was. */
export function afterReport(
  before: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): StreamState {
  const { mode } = view;
  let countersFell = false;
  let byModeFell = false;
  for (let index = 0; index < behaviours.length; index++) {
    const value = values[index]!;
    if (!(value < before.last[index]! && value >= 0)) continue;
    if (behaviours[index] === "cumulative") countersFell = true;
    else if (behaviours[index] === "by_mode" && mode !== "delta") byModeFell = true;
  }
  const ended = lineageEnded(before, behaviours, view);
  const untold = !ended && !view.late && (countersFell || (mode === "cumulative" && byModeFell));
  const resetCounters = ended || untold;
  const resetByMode = resetCounters || byModeFell;

  const totals = before.totals.slice();
  const last = before.last.slice();
  for (let index = 0; index < behaviours.length; index++) {
    const value = values[index]!;
    if (!isCount(value)) {
      if (value < 0 && behaviours[index] === "level") totals[index] = value;
      continue;
    }
    const grownBy = value - last[index]!;
    const isWhole = Number.isNaN(grownBy); // The first value of a member.
    switch (behaviours[index]!) {
      case "level":
        if (!view.late) totals[index] = value;
        break;
      case "cumulative":
        totals[index] = added(totals[index]!, view.late ? 0 : resetCounters || isWhole ? value : grownBy);
        break;
      case "by_mode": {
        const counted = view.late ? 0 : resetByMode || isWhole ? value : grownBy;
        totals[index] = added(totals[index]!, mode === "delta" ? value : counted);
        break;
      }
    }
    if (!view.late) last[index] = value;
  }
  const counted = new StreamState(lineageAfter(before, view, untold), totals, last, before.doubts);
  if (mode !== "undecided" && before.doubts === undefined) return counted;
  return doubted(before, counted, values, behaviours, view);
}

/** The state once it is proven that the values of its life were deltas: what they could have meant is added. */
export function afterProof(state: StreamState): StreamState {
  const { lineage, last, doubts } = state;
  if (doubts === undefined || doubts.open.every((open) => open === 0)) return state;
  const totals = state.totals.map((total, index) => total + doubts.open[index]!);
  const proven = { ...doubts, open: doubts.open.map(() => 0), falling: doubts.falling.map(() => []) };
  return new StreamState(lineage, totals, last, proven);
}

/** Whether the values of its life cannot have been anything but deltas. */
export function provesDelta({ doubts }: StreamState, { lineagesMax }: LifeView): boolean {
  if (doubts === undefined) return false;
  for (const ends of doubts.falling) if (ends.length > lineagesMax) return true;
  return false;
}

/** The state when its members are others now: each entry is the index that a member had before, or -1. */
export function withMembers(state: StreamState, indexes: readonly number[]): StreamState {
  const pick = (numbers: readonly number[], missing: number) => indexes.map((index) => numbers[index] ?? missing);
  const { lineage, totals, last, doubts } = state;
  const picked = doubts && {
    open: pick(doubts.open, 0),
    settled: pick(doubts.settled, 0),
    falling: indexes.map((index) => doubts.falling[index] ?? []),
  };
  return new StreamState(lineage, pick(totals, Number.NaN), pick(last, Number.NaN), picked);
}

/** By how much a member's total could be too low. */
export function uncertainty({ doubts }: StreamState, index: number): number {
  return doubts === undefined ? 0 : doubts.open[index]! + doubts.settled[index]!;
}

/** The state as it goes on after we were away: a restart may have gone unseen, so what was open stays undecided. */
export function afterAbsence(state: StreamState): StreamState {
  return state.doubts === undefined ? state : withDoubts(state, settle(state.doubts));
}

/**
 * A new process ends all lineages. A reload ends those that had no connection open, and keeps the others: the instance
 * before it reports on until they close. Then only a fall tells that the new one speaks.
 */
function lineageEnded({ lineage, totals }: StreamState, behaviours: Behaviours, view: LifeView): boolean {
  if (lineage.life >= view.life) return false;
  if (lineage.life < view.restart) return true;
  return !behaviours.some((behaviour, index) => behaviour === "level" && totals[index]! > 0);
}

function lineageAfter({ lineage, totals }: StreamState, view: LifeView, untold: boolean): Lineage {
  const { start, life, falls } = lineage;
  const isOfNextLife = view.nextLife !== view.life && (untold || totals.every(Number.isNaN));
  const lifeAfter = isOfNextLife ? view.nextLife : view.late ? life : Math.max(life, view.life);
  if (lifeAfter === life && !untold) return lineage;
  return { start, life: lifeAfter, falls: untold ? falls + 1 : falls };
}

function added(total: number, value: number): number {
  return Number.isNaN(total) ? value : total + value;
}

/** What a report leaves uncertain: in an undecided life, the difference between the two readings of its values. */
function doubted(
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

function withoutIdleDoubts(state: StreamState): StreamState {
  const isCertain = state.totals.every((_, index) => uncertainty(state, index) === 0);
  return isCertain ? withDoubts(state, undefined) : state;
}

function withDoubts({ lineage, totals, last }: StreamState, doubts: Doubts | undefined): StreamState {
  return new StreamState(lineage, totals, last, doubts);
}

function noDoubts(members: number): Doubts {
  const none = new Array<number>(members).fill(0);
  return { open: none, settled: none, falling: none.map(() => []) };
}

function settle(doubts: Doubts): Doubts {
  if (doubts.open.every((open) => open === 0) && doubts.falling.every((ends) => ends.length === 0)) return doubts;
  return {
    open: doubts.open.map(() => 0),
    settled: doubts.settled.map((settled, index) => settled + doubts.open[index]!),
    falling: doubts.falling.map(() => []),
  };
}
