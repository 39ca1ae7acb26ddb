import { doubted, noDoubts } from "./doubts.ts";
import { type LifeView, lineageAfter, lineageEnded } from "./life-view.ts";
import {
  ALWAYS,
  afterReading,
  afterReload,
  isOneTick,
  largestTotal,
  leastTotal,
  openConnections,
  type Readings,
  type Rule,
  type Run,
  readingsOf,
  replaced,
  withAdded,
  withoutRead,
} from "./readings.ts";
import { type Behaviours, isCount, isCounter, openOf, StreamState } from "./stream-state.ts";

/**
 * What is to be told apart: nothing, unless more emitters are known, a reload left an old one with connections open, or
 * the values themselves cannot be of one.
 */
export function readingsBefore(
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
  const run: Run = { values: known, open: openOf(totals, behaviours), at: view.earlierAt, accepts: ALWAYS };
  const last = isNew ? undefined : isKept ? replaced(run) : run;
  // What was taken for one emitter until now may have been several, and of each instance since the process began.
  const isFollowed = view.emittersMax === 1 || (view.isCounted && view.mode === "cumulative");
  const instances = isFollowed ? (isKept ? reloads + 1 : 1) : view.instances;
  return readingsOf(totals, last, { instances, emittersMax: view.emittersMax });
}

/** The state after a report that several emitters can have sent. */
export function afterSeveral(
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
  const expected = late ? open : readReport(open, values, behaviours, view, emitters);
  // More emitters than were known of, or else a restart that nobody told.
  const explained = expected ?? readReport(open, values, behaviours, view, view.emittersMax);
  const untold = expected === undefined;
  const wasSettled = explained === undefined ? settledReadings(before, readings) : before;
  const fresh = readingsOf(before.totals, undefined, { instances: 1, emittersMax: view.emittersMax });
  const after = withAdded(
    explained ?? readReport(fresh, values, behaviours, view, view.emittersMax)!,
    values.map((value, index) => (isAdded[index] && isCount(value) ? value : 0)),
  );
  const totals = wasSettled.totals.map((total, index) => {
    const value = values[index]!;
    if (behaviours[index] === "level") return Number.isNaN(value) || late ? total : openConnections(after, view.at);
    if (Number.isNaN(total) && !isCount(value)) return total;
    return Math.max(total || 0, leastTotal(after, index));
  });
  const spread = totals.map((total, index) =>
    isCounter(behaviours[index]) || (behaviours[index] === "by_mode" && mode === "cumulative")
      ? Math.max(0, largestTotal(after, index) - (total || 0))
      : 0,
  );
  const lineage = lineageAfter(before, view, untold);
  const counted = new StreamState(lineage, totals, before.last, view.at, wasSettled.doubts, { ...after, spread });
  if (mode !== "undecided" && counted.doubts === undefined) return counted;
  return doubted(wasSettled, counted, values, behaviours, view);
}

/** The state when its lineages are over: by how much they could have counted too little stays uncertain. */
export function settledReadings(state: StreamState, { spread }: Readings): StreamState {
  const { lineage, totals, last, reportAt } = state;
  const doubts = state.doubts ?? noDoubts(totals.length);
  const settled = doubts.settled.map((doubt, index) => doubt + spread[index]!);
  const isCertain = state.doubts === undefined && spread.every((part) => part === 0);
  return new StreamState(
    lineage,
    totals,
    last.map(() => Number.NaN),
    reportAt,
    isCertain ? undefined : { ...doubts, settled },
  );
}

/** Whether values can only be another emitter's: below the last ones, the same again in one tick, or moved by nobody. */
function isOfAnother(before: StreamState, values: readonly number[], behaviours: Behaviours, view: LifeView): boolean {
  if (view.nextLife !== view.life) return false; // What began announced itself: nothing else explains more.
  const isCumulative = view.mode === "cumulative";
  let hasMoved = false;
  let hasConnections = !isCumulative || openOf(before.totals, behaviours) > 0;
  for (let index = 0; index < behaviours.length; index++) {
    const [behaviour, value, last] = [behaviours[index], values[index]!, before.last[index]!];
    if (behaviour === "level" || !isCount(value) || value === last) continue;
    if (value < last && (isCounter(behaviour) || view.mode !== "delta")) return true;
    if (isCounter(behaviour) || Number.isNaN(last)) hasConnections = true;
    hasMoved = true;
  }
  return !hasConnections && (hasMoved || isOneTick(view.earlierAt, view.at));
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
    if (behaviour === "accepted") return "accepts";
    if (behaviour === "cumulative") return "counts";
    return mode === "delta" ? "left" : mode === "cumulative" ? "moves" : "restarts";
  });
  return afterReading(readings, {
    values,
    rules,
    open: openOf(values, behaviours),
    at,
    emitters,
    emittersMax: view.emittersMax,
    onlyChanges: mode === "cumulative",
  });
}
