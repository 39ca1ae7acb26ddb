import {
  afterLifeEvent,
  endMayCome,
  isSettling,
  type LifeSigns,
  NO_LIFE_SIGNS,
  wasReload,
} from "../../kit/source-life.ts";
import type { Source } from "../../model/series.ts";
import type { SourceFacts } from "../../model/source-facts.ts";
import type { LifeView } from "./life-view.ts";

/** What is known of one source, from the facts of its reports alone. Immutable: each change is a new value. */
export interface SourceState {
  /** Counts the lives of the source: a new one means that its counters began at zero. */
  readonly life: number;
  /** The life that began with a new process. Lives after it began by reloads, which instances before them may outlive. */
  readonly restart: number;
  /** When the present life began, where that was told; else 0. */
  readonly beganAt: number;
  readonly signs: LifeSigns;
  /** The beginning that `life` has counted last: a later one in `signs` waits for its first report. */
  readonly countedBeginAt: number;
  /** A beginning that waited for its first report, and was overtaken by another, was a new process. */
  readonly restartWaits: boolean;
  /** The mode that was told with the last report. */
  readonly told: SourceFacts["told"] | undefined;
  readonly epoch: string | undefined;
  /** Epochs that were told before the present one, newest last: instances of theirs may still report. */
  readonly formerEpochs: readonly string[];
  /** Whether the reports of the present life proved, untold, that its emitters count since their last report. */
  readonly provenDelta: boolean;
  /** Whether values of the present process can only be of several emitters, where their number is not known. */
  readonly several: boolean;
  /** When the last report arrived; 0 never. */
  readonly reportAt: number;
  /** Since when `unreportedMs` is added up. */
  readonly since: number;
  /** Up to when the time without reports has been looked at. */
  readonly accountedAt: number;
  readonly unreportedMs: number;
}

/**
 * What the other levels of the same service know of the time without reports. It is one sum: a restart that one level
 * has counted, no other counts again.
 */
export interface OtherLevels {
  readonly reportAt: number;
  readonly accountedAt: number;
  readonly unreportedMs: number;
}

/** Emitters that an instance is thought to have where that is not known: GOST's `auto` handler has three. */
const EMITTERS_MAX = 3;

/** Epochs that are remembered as former ones: an instance that outlives more reloads than this is taken for a new one. */
const FORMER_EPOCHS_MAX = 4;

export function newSource(at: number): SourceState {
  return {
    life: 0,
    restart: 0,
    beganAt: 0,
    signs: NO_LIFE_SIGNS,
    countedBeginAt: 0,
    restartWaits: false,
    told: undefined,
    epoch: undefined,
    formerEpochs: [],
    provenDelta: false,
    several: false,
    reportAt: 0,
    since: at,
    accountedAt: 0,
    unreportedMs: 0,
  };
}

/** Takes in what a batch says of its source's life, whether or not it brings numbers. */
export function withLifeFacts(
  before: SourceState,
  facts: SourceFacts,
  at: number,
  others: () => OtherLevels,
): SourceState {
  const { epoch, life: events } = facts;
  let state = before;
  if (epoch !== undefined && epoch !== state.epoch && !state.formerEpochs.includes(epoch)) {
    state = withEpoch(state, epoch, at, others);
  }
  for (const event of events) {
    const overtaken = event.type === "began" && beginWaits(state) && !wasReload(state.signs, event.at);
    state = {
      ...state,
      signs: afterLifeEvent(state.signs, event),
      restartWaits: state.restartWaits || overtaken,
    };
  }
  return state;
}

/** A report with numbers arrived: a beginning that was told before it takes effect, unless the report comes too soon. */
export function withReport(
  before: SourceState,
  told: SourceState["told"],
  at: number,
  others: () => OtherLevels,
): SourceState {
  const state = beginsWithReport(before, at) ? withBegin(before, others) : before;
  return { ...state, told, reportAt: at };
}

/**
 * Whether a report that came now would make a restart of a beginning that may still prove to be a reload: then it can be
 * of an instance that lives on, and all that it has counted would count again.
 */
export function comesTooEarly(state: SourceState, at: number): boolean {
  return beginsWithReport(state, at) && !state.restartWaits && endMayCome(state.signs, at);
}

/** Counters fell and nothing told why: from the last report on something may have been counted and never told. */
export function withUntoldFall(
  before: SourceState,
  window: { readonly lastReportAt: number; readonly at: number },
  others: () => OtherLevels,
): SourceState {
  // Another level that reported since may have been in the new life by then, and nothing told it.
  return withUnreported({ ...before, provenDelta: false }, window.lastReportAt, window.at, {
    ...others(),
    reportAt: 0,
  });
}

/** What the source's life says about a report of this epoch; `earlierAt` is when the one before it came. */
export function viewOf(state: SourceState, source: Source, epoch: string | undefined, earlierAt: number): LifeView {
  const { life, restart } = state;
  const instances = 1 + life - restart;
  const emittersMax = source.emitters ?? EMITTERS_MAX;
  return {
    mode: state.told ?? (state.provenDelta ? "delta" : "undecided"),
    life,
    nextLife: beginWaits(state) ? life + 1 : life,
    reloadWaits: beginWaits(state) && !isRestart(state),
    restart,
    lineagesMax: emittersMax * instances + 1,
    emitters: source.emitters ?? (state.several ? EMITTERS_MAX : 1),
    emittersMax,
    isCounted: source.emitters !== undefined,
    instances,
    at: state.reportAt,
    earlierAt,
    late: epoch !== undefined && epoch !== state.epoch,
  };
}

/** When the counters of a stream began that is seen for the first time; undefined where that was before our time. */
export function knownBegin(state: SourceState): number | undefined {
  if (beginWaits(state)) return state.signs.beganAt;
  return state.beganAt > 0 ? state.beganAt : undefined;
}

/** Whether a beginning was told whose first report has not come yet. */
function beginWaits(state: SourceState): boolean {
  return state.signs.beganAt !== state.countedBeginAt;
}

/** Whether the beginning that waits is a new process's, as far as is known. */
function isRestart({ restartWaits, signs }: SourceState): boolean {
  return restartWaits || !signs.reload;
}

function beginsWithReport(state: SourceState, at: number): boolean {
  return beginWaits(state) && !isSettling(state.signs, at);
}

function withBegin(state: SourceState, others: () => OtherLevels): SourceState {
  const { beganAt, closedAt } = state.signs;
  const restarts = isRestart(state);
  const life = state.life + 1;
  // Where the end was told, nothing was counted between it and the new beginning.
  const goneAt = closedAt > state.reportAt && closedAt < beganAt ? closedAt : beganAt;
  return {
    ...(restarts ? withUnreported(state, state.reportAt, goneAt, others()) : state),
    life,
    restart: restarts ? life : state.restart,
    several: state.several && !restarts,
    beganAt,
    countedBeginAt: beganAt,
    restartWaits: false,
    provenDelta: false,
  };
}

function withEpoch(state: SourceState, epoch: string, at: number, others: () => OtherLevels): SourceState {
  if (state.epoch === undefined) return { ...state, epoch }; // Told from now on: nothing says that anything began.
  const life = state.life + 1;
  return {
    ...withUnreported(state, state.reportAt, at, others()),
    life,
    restart: life,
    beganAt: 0,
    epoch,
    formerEpochs: [...state.formerEpochs, state.epoch].slice(-FORMER_EPOCHS_MAX),
    provenDelta: false,
    several: false,
  };
}

function withUnreported(state: SourceState, reportAt: number, to: number, others: OtherLevels): SourceState {
  if (reportAt === 0 || others.accountedAt > reportAt) return state;
  const from = Math.max(reportAt, state.accountedAt, others.reportAt < to ? others.reportAt : 0);
  if (to <= from) return state;
  const unreportedMs = Math.max(state.unreportedMs, others.unreportedMs) + (to - from);
  return { ...state, unreportedMs, accountedAt: to };
}
