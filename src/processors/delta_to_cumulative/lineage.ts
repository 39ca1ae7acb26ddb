import type { MemberBehaviour } from "../../model/series.ts";
import { withFallingValue } from "./falling-chain.ts";
import {
  afterReading,
  afterReload,
  isOneTick,
  largestTotal,
  leastTotal,
  type Readings,
  type Rule,
  readingsOf,
  withAdded,
  withoutRead,
  withReadMembers,
} from "./readings.ts";

/**
 * The totals of one stream, and what is known of the emitters behind it. Immutable: each report makes a new value.
 *
 * The run of one emitter's values is a lineage; it begins at zero, and what it grew by is added to the totals. Nearly
 * always there is one, and this file has all of it, as functions of the state, the report and what the source's life
 * says. Where there can be several, `readings.ts` keeps what the values can mean.
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
  /** Absent while one lineage explains all; then they say what `last` would. */
  readonly readings: Readings | undefined;

  constructor(
    lineage: Lineage,
    totals: readonly number[],
    last: readonly number[],
    doubts?: Doubts,
    readings?: Readings,
  ) {
    this.lineage = lineage;
    this.totals = totals;
    this.last = last;
    this.doubts = doubts;
    this.readings = readings;
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
  /** How many emitters an instance is taken to have; and how many it can have, should its values ask for more. */
  readonly emitters: number;
  readonly emittersMax: number;
  /** Whether that is known, and not what the values told. */
  readonly isCounted: boolean;
  /** How many instances the present process has had. */
  readonly instances: number;
  /** The report names an epoch that is over: an instance that lives on, of which no lineage is kept. */
  readonly late: boolean;
  /** When the report came, and the one of the source before it; 0 never. */
  readonly at: number;
  readonly earlierAt: number;
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
  const readings = readingsBefore(before, values, behaviours, view);
  if (readings !== undefined) return afterSeveral(before, readings, values, behaviours, view);
  if (before.readings !== undefined) {
    return afterReport(settledReadings(before, before.readings), values, behaviours, view);
  }
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
  const { lineage, last, doubts, readings } = state;
  if (doubts === undefined || doubts.open.every((open) => open === 0)) return state;
  const totals = state.totals.map((total, index) => total + doubts.open[index]!);
  const proven = { ...doubts, open: doubts.open.map(() => 0), falling: doubts.falling.map(() => []) };
  return new StreamState(lineage, totals, last, proven, readings && withAdded(readings, doubts.open));
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
  const { lineage, totals, last, doubts, readings } = state;
  const picked = doubts && {
    open: pick(doubts.open, 0),
    settled: pick(doubts.settled, 0),
    falling: indexes.map((index) => doubts.falling[index] ?? []),
  };
  const read = readings && withReadMembers(readings, indexes);
  return new StreamState(lineage, pick(totals, Number.NaN), pick(last, Number.NaN), picked, read);
}

/** By how much a member's total could be too low. */
export function uncertainty({ doubts, readings }: StreamState, index: number): number {
  const ofMode = doubts === undefined ? 0 : doubts.open[index]! + doubts.settled[index]!;
  return readings === undefined ? ofMode : ofMode + readings.spread[index]!;
}

/** The state as it goes on after we were away: a restart may have gone unseen, so what was open stays undecided. */
export function afterAbsence(state: StreamState): StreamState {
  return state.doubts === undefined ? state : withDoubts(state, settle(state.doubts));
}

/**
 * What is to be told apart: nothing, unless more emitters are known, a reload left an old one with connections open, or
 * the values themselves cannot be of one.
 */
function readingsBefore(
  before: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): Readings | undefined {
  const { lineage, totals, readings } = before;
  const reloads = view.life - lineage.life;
  if (view.late) return readings;
  if (readings !== undefined) {
    if (reloads <= 0) return readings;
    return lineage.life < view.restart ? undefined : afterReload(readings, reloads);
  }
  const ended = lineageEnded(before, behaviours, view);
  const isKept = reloads > 0 && !ended;
  const isTold = view.emitters > 1 && view.mode === "cumulative";
  if (!isKept && !isTold && (ended || view.emittersMax === 1 || !isOfAnother(before, values, behaviours, view))) {
    return undefined;
  }
  const isNew = ended || before.last.every(Number.isNaN);
  const known = before.last.map((value, index) =>
    Number.isNaN(value) || behaviours[index] === "level" || (view.mode === "delta" && behaviours[index] === "by_mode")
      ? 0
      : value,
  );
  const open = mayHaveOpen(totals, behaviours);
  const last = isNew ? undefined : { values: known, open, at: view.earlierAt };
  // What was taken for one emitter until now may have been several, and of each instance since the process began.
  const isFollowed = view.emittersMax === 1 || (view.isCounted && view.mode === "cumulative");
  return readingsOf(totals, last, isFollowed ? (isKept ? reloads + 1 : 1) : view.instances);
}

/** Whether values can only be another emitter's: below the last ones, the same again in one tick, or moved by nobody. */
function isOfAnother(before: StreamState, values: readonly number[], behaviours: Behaviours, view: LifeView): boolean {
  if (view.nextLife !== view.life) return false; // What began announced itself: nothing else explains more.
  const isCumulative = view.mode === "cumulative";
  let hasMoved = false;
  let hasConnections = !isCumulative || mayHaveOpen(before.totals, behaviours);
  for (let index = 0; index < behaviours.length; index++) {
    const [behaviour, value, last] = [behaviours[index], values[index]!, before.last[index]!];
    if (behaviour === "level" || !isCount(value) || value === last) continue;
    if (value < last && (behaviour === "cumulative" || view.mode !== "delta")) return true;
    if (behaviour === "cumulative" || Number.isNaN(last)) hasConnections = true;
    hasMoved = true;
  }
  return !hasConnections && (hasMoved || isOneTick(view.earlierAt, view.at));
}

/** Where no level tells of connections, there can always be one. */
function mayHaveOpen(numbers: readonly number[], behaviours: Behaviours): boolean {
  return (
    hasOpen(numbers, behaviours) || !behaviours.some((kind, index) => kind === "level" && isCount(numbers[index]!))
  );
}

/** The state after a report that several emitters can have sent. */
function afterSeveral(
  before: StreamState,
  readings: Readings,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): StreamState {
  const { mode, late } = view;
  const isAdded = behaviours.map((behaviour) => mode === "delta" && behaviour === "by_mode");
  const open = mode === "delta" ? withoutRead(readings, before.totals, isAdded) : readings;
  // Undecided, falling bytes are no sign that there are more: so as many are thought of as there can be.
  const emitters = mode === "undecided" ? view.emittersMax : view.emitters;
  const explained = late ? open : readReport(open, values, behaviours, view, emitters);
  const untold = explained === undefined;
  const wasSettled = untold ? settledReadings(before, readings) : before;
  const after = withAdded(
    explained ?? readUntold(wasSettled, open, values, behaviours, view),
    values.map((value, index) => (isAdded[index] && isCount(value) ? value : 0)),
  );
  const totals = wasSettled.totals.map((total, index) => {
    const value = values[index]!;
    if (behaviours[index] === "level") return Number.isNaN(value) || late ? total : value;
    if (Number.isNaN(total) && !isCount(value)) return total;
    return Math.max(total || 0, leastTotal(after, index));
  });
  const spread = totals.map((total, index) =>
    behaviours[index] === "cumulative" || (behaviours[index] === "by_mode" && mode === "cumulative")
      ? Math.max(0, largestTotal(after, index) - (total || 0))
      : 0,
  );
  const lineage = lineageAfter(before, view, untold);
  const counted = new StreamState(lineage, totals, before.last, wasSettled.doubts, { ...after, spread });
  if (mode !== "undecided" && counted.doubts === undefined) return counted;
  return doubted(wasSettled, counted, values, behaviours, view);
}

/** The readings after a report that none of them explains: more emitters than were known of, or a restart that nobody told. */
function readUntold(
  settled: StreamState,
  readings: Readings,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): Readings {
  const { emitters, emittersMax } = view;
  const more = emittersMax > emitters && readReport(readings, values, behaviours, view, emittersMax);
  return more || readReport(readingsOf(settled.totals, undefined, 1), values, behaviours, view, emittersMax)!;
}

function readReport(
  readings: Readings,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
  emitters: number,
): Readings | undefined {
  const { mode, at } = view;
  const rules = behaviours.map((behaviour, index): Rule => {
    if (behaviour === "level" || !isCount(values[index]!)) return "left";
    if (behaviour === "cumulative") return "counts";
    return mode === "delta" ? "left" : mode === "cumulative" ? "moves" : "restarts";
  });
  return afterReading(readings, {
    values,
    rules,
    open: mayHaveOpen(values, behaviours),
    at,
    emitters,
    onlyChanges: mode === "cumulative",
  });
}

/** The state when its lineages are over: by how much they could have counted too little stays uncertain. */
function settledReadings(state: StreamState, { spread }: Readings): StreamState {
  const { lineage, totals, last } = state;
  const doubts = state.doubts ?? noDoubts(totals.length);
  const settled = doubts.settled.map((doubt, index) => doubt + spread[index]!);
  const isCertain = state.doubts === undefined && spread.every((part) => part === 0);
  return new StreamState(
    lineage,
    totals,
    last.map(() => Number.NaN),
    isCertain ? undefined : { ...doubts, settled },
  );
}

/**
 * A new process ends all lineages. A reload ends those that had no connection open, and keeps the others: the instance
 * before it reports on until they close. Then only a fall tells that the new one speaks.
 */
function lineageEnded({ lineage, totals }: StreamState, behaviours: Behaviours, view: LifeView): boolean {
  if (lineage.life >= view.life) return false;
  if (lineage.life < view.restart) return true;
  return !hasOpen(totals, behaviours);
}

function hasOpen(numbers: readonly number[], behaviours: Behaviours): boolean {
  return behaviours.some((behaviour, index) => behaviour === "level" && numbers[index]! > 0);
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

function withDoubts({ lineage, totals, last, readings }: StreamState, doubts: Doubts | undefined): StreamState {
  return new StreamState(lineage, totals, last, doubts, readings);
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
