import { doubted } from "./doubts.ts";
import { type LifeView, lineageAfter, lineageEnded, type Mode } from "./life-view.ts";
import { afterSeveral, readingsBefore, settledReadings } from "./several-emitters.ts";
import { type Behaviours, isCount, isCounter, openOf, StreamState } from "./stream-state.ts";
import { afterUsualReport } from "./usual-report.ts";

/** The state after a report. Values that cannot be counted leave their member as it was. */
export function afterReport(
  before: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): StreamState {
  return afterUsualReport(before, values, behaviours, view) ?? afterAnyReport(before, values, behaviours, view);
}

/** The same for all reports. */
export function afterAnyReport(
  before: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): StreamState {
  if (isAfterReload(before, values, behaviours, view)) {
    return afterAnyReport(before, values, behaviours, reloaded(view));
  }
  const readings = readingsBefore(before, values, behaviours, view);
  if (readings !== undefined) return afterSeveral(before, readings, values, behaviours, view);
  if (before.readings !== undefined) {
    return afterAnyReport(settledReadings(before, before.readings), values, behaviours, view);
  }
  const { mode } = view;
  const fell = fallsOf(before, values, behaviours, mode);
  const ended = lineageEnded(before, behaviours, view);
  const untold = !ended && !view.late && fell.all;
  const resetCounters = ended || untold;
  const resetByMode = resetCounters || fell.byMode;

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
      case "accepted":
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
  const counted = new StreamState(lineageAfter(before, view, untold), totals, last, view.at, before.doubts);
  if (mode !== "undecided" && before.doubts === undefined) return counted;
  return doubted(before, counted, values, behaviours, view);
}

/** Whether all counters of a stream must have begun again, and whether the values whose meaning is the mode's fell. */
function fallsOf({ last }: StreamState, values: readonly number[], behaviours: Behaviours, mode: Mode) {
  let countersFell = false;
  let byModeFell = false;
  for (let index = 0; index < behaviours.length; index++) {
    const value = values[index]!;
    if (!(value < last[index]! && value >= 0)) continue;
    if (isCounter(behaviours[index])) countersFell = true;
    else if (behaviours[index] === "by_mode" && mode !== "delta") byModeFell = true;
  }
  return { all: countersFell || (mode === "cumulative" && byModeFell), byMode: byModeFell };
}

/**
 * Counters that fall while a reload waits for its first report are of another emitter: of the new instance, whose beginning
 * was told late, or of the old one. Where that may live on, both may report from now on, as after the reload.
 */
function isAfterReload(
  before: StreamState,
  values: readonly number[],
  behaviours: Behaviours,
  view: LifeView,
): boolean {
  const { lineage, totals, readings } = before;
  if (!view.reloadWaits || view.late || readings !== undefined || lineage.life >= view.nextLife) return false;
  if (openOf(totals, behaviours) === 0) return false;
  return fallsOf(before, values, behaviours, view.mode).all;
}

function reloaded(view: LifeView): LifeView {
  const { nextLife, instances, lineagesMax, emittersMax } = view;
  return {
    ...view,
    life: nextLife,
    reloadWaits: false,
    instances: instances + 1,
    lineagesMax: lineagesMax + emittersMax,
  };
}

/** A stream whose first values are left out, for they count what was before us. Deltas count since the last report. */
export function newStreamWithout(state: StreamState, values: readonly number[], behaviours: Behaviours, mode: Mode) {
  const isLeftOut = (index: number) =>
    isCounter(behaviours[index]) || (behaviours[index] === "by_mode" && mode !== "delta");
  const last = values.map((value, index) => (isLeftOut(index) && isCount(value) ? value : Number.NaN));
  return new StreamState(state.lineage, state.totals, last, state.reportAt, state.doubts);
}

function added(total: number, value: number): number {
  return Number.isNaN(total) ? value : total + value;
}
