import { apart } from "../../kit/source-life.ts";

/**
 * What the values of several emitters under one name can mean, each with counters of its own that never fall.
 *
 * A reading says which emitter each report came from. All readings that nothing contradicts are kept: the one that
 * counts least is shown, and the one that counts most says how much more it could be. While no reading was left out,
 * both are exact. When there are too many, those go first that can never count less than another that stays; what is then
 * lost is only how much more it could be, and for that a simple bound remains: the totals of n emitters are n of the
 * values that were reported, so they are no more than the n largest.
 *
 * All arrays have one entry for each member of the stream. Everything is immutable.
 */
export interface Readings {
  /** The totals before these readings: what they all share. */
  readonly base: readonly number[];
  readonly alive: readonly Reading[];
  /** Whether `alive` still holds every reading that is possible. */
  readonly complete: boolean;
  /** The largest values that were reported of each member, largest first. */
  readonly highest: readonly (readonly number[])[];
  /** How many emitters an instance was taken to have, at the most. */
  readonly emitters: number;
  /** How many instances of the source may report: one more for each reload that an open connection outlived. */
  readonly instances: number;
  /** By how much the total of each member could be too low. */
  readonly spread: readonly number[];
}

export interface Reading {
  /** What lineages that are over have counted. */
  readonly ended: readonly number[];
  /** Largest first. */
  readonly lineages: readonly Run[];
}

/** The run of one emitter's values. */
export interface Run {
  readonly values: readonly number[];
  /** How many connections it has open, infinite where that is not known: with none it does not outlive a reload. */
  readonly open: number;
  /** When it reported last. */
  readonly at: number;
  /** In how many of its next reports it can have accepted connections: infinite until its instance is replaced. */
  readonly accepts: number;
}

/**
 * How a member's value is read: `accepts`, `counts` and `moves` never fall, what moves needs a connection, and nothing is
 * accepted by an instance that was replaced; where `restarts` falls, it began at zero; `left` means nothing here.
 */
export type Rule = "accepts" | "counts" | "moves" | "restarts" | "left";

export interface Reported {
  readonly values: readonly number[];
  readonly rules: readonly Rule[];
  readonly open: number;
  readonly at: number;
  /** How many emitters an instance is taken to have, at the most; and how many it can have, should values ask for more. */
  readonly emitters: number;
  readonly emittersMax: number;
  /** Whether an emitter says nothing where nothing changed: then two equal reports in a tick are of two emitters. */
  readonly onlyChanges: boolean;
}

/** Readings that are kept at a time. */
const READINGS_MAX = 16;

/** Instances that are told apart: whoever reloads more often while one connection is open is taken for an unseen restart. */
const INSTANCES_MAX = 4;

/**
 * An instance that is replaced has told what it accepted by its second report after that at the latest: the first may be
 * one that it had not got through before.
 */
const REPORTS_OF_ACCEPTED = 2;

/** Of a run whose instance is the present one. */
export const ALWAYS = Number.POSITIVE_INFINITY;

/** How long after its last report the open connections of an instance that was replaced count: it does not tell its end. */
const REPLACED_OPEN_MS = 60_000;

/** Ticks of one source come together: a counter that reports the same twice within this time is two counters. */
const TICK_MS = 400;

/** One reading, of what is known when more than one becomes possible: a total, and the emitter that made its last part. */
export function readingsOf(
  totals: readonly number[],
  last: Run | undefined,
  { instances, emittersMax }: { readonly instances: number; readonly emittersMax: number },
): Readings {
  const values = last?.values ?? totals.map(() => 0);
  return {
    base: totals.map((total, index) => (total || 0) - values[index]!),
    alive: [{ ended: totals.map(() => 0), lineages: last === undefined ? [] : [last] }],
    complete: true,
    highest: last === undefined ? totals.map(() => []) : values.map((value) => [value]),
    emitters: emittersMax,
    instances: Math.min(instances, INSTANCES_MAX),
    spread: totals.map(() => 0),
  };
}

/** The readings after a report; undefined when no reading explains it: some counter must have begun again. */
export function afterReading(before: Readings, report: Reported): Readings | undefined {
  const alive = distinct(before.alive.flatMap((reading) => successors(reading, report, before.instances)));
  if (alive.length === 0) return undefined;
  // Where more emitters are thought of than before, what was left out for want of them is possible again.
  const complete = before.complete && report.emitters <= before.emitters && alive.length <= READINGS_MAX;
  return {
    ...before,
    alive: complete ? alive : leastOf(alive, report.rules),
    complete,
    emitters: report.emitters,
    highest: before.highest.map((highest, index) =>
      report.rules[index] === "left"
        ? highest
        : withHighest(highest, report.values[index]!, report.emittersMax * INSTANCES_MAX),
    ),
  };
}

/** After a reload: who had a connection open may report on. Undefined when nobody had, in no reading. */
export function afterReload(before: Readings, reloads: number): Readings | undefined {
  const alive = before.alive.map((reading) => reading.lineages.reduce(withEnded, { ...reading, lineages: [] }));
  if (alive.every(({ lineages }) => lineages.length === 0)) return undefined;
  return { ...before, alive: distinct(alive), instances: Math.min(before.instances + reloads, INSTANCES_MAX) };
}

/** A run whose instance is not the present one any more: whether it is still there, only its next report will tell. */
export function replaced(run: Run): Run {
  return { ...run, open: Number.POSITIVE_INFINITY, accepts: Math.min(run.accepts, REPORTS_OF_ACCEPTED) };
}

/** Whether reports that came then, 0 is never, can be of one tick. */
export function isOneTick(earlierAt: number, at: number): boolean {
  return apart(at, earlierAt) < TICK_MS;
}

/** The connections that are known to be open, in the reading that counts least. */
export function openConnections({ alive }: Readings, at: number): number {
  const sizes = alive.map(sizeOf);
  const { lineages } = alive[sizes.indexOf(Math.min(...sizes))]!;
  const isCounted = (run: Run) =>
    Number.isFinite(run.open) && (run.accepts === ALWAYS || apart(at, run.at) < REPLACED_OPEN_MS);
  return lineages.filter(isCounted).reduce((total, { open }) => total + open, 0);
}

/** The readings when the members are others now: each entry is the index that a member had before, or -1. */
export function withReadMembers(before: Readings, indexes: readonly number[]): Readings {
  const pick = (numbers: readonly number[]) => indexes.map((index) => numbers[index] ?? 0);
  return {
    ...before,
    base: pick(before.base),
    alive: before.alive.map(({ ended, lineages }) => ({
      ended: pick(ended),
      lineages: lineages.map((run) => ({ ...run, values: pick(run.values) })),
    })),
    highest: indexes.map((index) => before.highest[index] ?? []),
    spread: pick(before.spread),
  };
}

/** The readings when nothing has to be read from some members any more: they have their totals. */
export function withoutRead(before: Readings, totals: readonly number[], isLeft: readonly boolean[]): Readings {
  const without = (numbers: readonly number[]) => numbers.map((value, index) => (isLeft[index] ? 0 : value));
  return {
    ...before,
    base: before.base.map((value, index) => (isLeft[index] ? totals[index] || 0 : value)),
    alive: before.alive.map(({ ended, lineages }) => ({
      ended: without(ended),
      lineages: lineages.map((run) => ({ ...run, values: without(run.values) })),
    })),
    highest: before.highest.map((values, index) => (isLeft[index] ? [] : values)),
  };
}

/** What deltas add, whoever reported them. */
export function withAdded(before: Readings, added: readonly number[]): Readings {
  return { ...before, base: before.base.map((base, index) => base + added[index]!) };
}

/** The total of a member in the reading that counts least. */
export function leastTotal({ base, alive }: Readings, index: number): number {
  return base[index]! + Math.min(...alive.map((reading) => counted(reading, index)));
}

/** The total of a member that cannot be exceeded. */
export function largestTotal(readings: Readings, index: number): number {
  const { base, alive, complete, highest, emitters, instances } = readings;
  if (complete) return base[index]! + Math.max(...alive.map((reading) => counted(reading, index)));
  return base[index]! + highest[index]!.slice(0, emitters * instances).reduce((total, value) => total + value, 0);
}

function counted({ ended, lineages }: Reading, index: number): number {
  let sum = ended[index]!;
  for (const { values } of lineages) sum += values[index]!;
  return sum;
}

/** The report as the next one of each emitter that it can have come from, and as the first one of another. */
function successors({ ended, lineages }: Reading, report: Reported, instances: number): Reading[] {
  const after: Reading[] = [];
  for (const [index, run] of lineages.entries()) {
    if (fits(run, report)) after.push(grown(ended, lineages.toSpliced(index, 1), run, report));
  }
  if (hasRoom(lineages, report, instances)) after.push(grown(ended, lineages, undefined, report));
  return after;
}

/**
 * Whether there can be one more emitter. A number that is only assumed is given up as soon as the present instance alone
 * would need more: else those before it would hide for good that an instance has several.
 */
function hasRoom(lineages: readonly Run[], { emitters, emittersMax }: Reported, instances: number): boolean {
  if (lineages.length >= emitters * instances) return false;
  return emitters === emittersMax || lineages.filter(({ accepts }) => accepts === ALWAYS).length < emitters;
}

/**
 * An emitter's counters never fall, and without a connection nothing moves: where none was open, a new one was counted.
 * An emitter reports nothing but change, so not the same twice in a tick.
 */
function fits(
  { values, open, at, accepts }: Run,
  { rules, values: reported, at: reportedAt, onlyChanges }: Reported,
): boolean {
  let hasChanged = false;
  let hasConnections = open > 0;
  for (let index = 0; index < values.length; index++) {
    const [rule, value, before] = [rules[index], reported[index]!, values[index]!];
    if (rule === "left" || value === before) continue;
    if (rule === "accepts" && accepts === 0) return false;
    if (isCounter(rule!)) hasConnections = true;
    if (rule !== "restarts" && value < before) return false;
    hasChanged = true;
  }
  return hasConnections || !(hasChanged || (onlyChanges && isOneTick(at, reportedAt)));
}

function grown(ended: readonly number[], others: readonly Run[], run: Run | undefined, report: Reported): Reading {
  const endedAfter = ended.slice();
  const accepts = Math.max(0, (run?.accepts ?? ALWAYS) - 1);
  const values = report.values.map((value, index) => {
    const before = run?.values[index] ?? 0;
    if (report.rules[index] === "left") return before;
    if (value < before) endedAfter[index] = endedAfter[index]! + before;
    return value;
  });
  const grownRun: Run = { values, open: report.open, at: report.at, accepts };
  return { ended: endedAfter, lineages: [...others, grownRun].sort(largestFirst) };
}

function withEnded({ ended, lineages }: Reading, run: Run): Reading {
  if (run.open > 0) return { ended, lineages: [...lineages, replaced(run)] };
  return { ended: ended.map((sum, index) => sum + run.values[index]!), lineages };
}

function withHighest(highest: readonly number[], value: number, max: number): readonly number[] {
  const place = highest.findIndex((other) => other < value);
  if (place === -1 && highest.length >= max) return highest;
  return highest.toSpliced(place === -1 ? highest.length : place, 0, value).slice(0, max);
}

function distinct(readings: readonly Reading[]): readonly Reading[] {
  if (readings.length < 2) return readings;
  return [...new Map(readings.map((reading) => [JSON.stringify(reading), reading])).values()];
}

/**
 * Only what can still be the least. A reading that holds the same emitters as another with larger values, or one more,
 * never counts less than that one, whatever is reported: the other can follow it step by step.
 */
function leastOf(readings: readonly Reading[], rules: readonly Rule[]): readonly Reading[] {
  const least: Reading[] = [];
  const inOrder = readings
    .map((reading) => ({ reading, size: sizeOf(reading) }))
    .sort((left, right) => left.reading.lineages.length - right.reading.lineages.length || left.size - right.size);
  for (const { reading } of inOrder) {
    if (!least.some((other) => neverCountsMore(other, reading, rules))) least.push(reading);
  }
  if (least.length <= READINGS_MAX) return least;
  return [...least.slice(0, READINGS_MAX - 1), least.slice(READINGS_MAX - 1).reduce(below)];
}

function neverCountsMore(one: Reading, other: Reading, rules: readonly Rule[]): boolean {
  if (one.lineages.length > other.lineages.length || !isBelow(one.ended, other.ended)) return false;
  return one.lineages.every((run, index) => follows(run, other.lineages[index]!, rules));
}

/** Whether one emitter can send whatever the other can. */
function follows(run: Run, other: Run, rules: readonly Rule[]): boolean {
  const isOpen = run.open > 0;
  if (isOpen !== other.open > 0 || run.at > other.at || !isBelow(run.values, other.values)) return false;
  // What the other has accepted already, this one would have to.
  const isBehind = rules.some((rule, index) => rule === "accepts" && run.values[index]! < other.values[index]!);
  if (run.accepts < other.accepts + (isBehind ? 1 : 0)) return false;
  return isOpen || isBelow(other.values, run.values) || hasCounted(run, other, rules);
}

function isCounter(rule: Rule): boolean {
  return rule === "accepts" || rule === "counts";
}

function hasCounted(from: Run, to: Run, rules: readonly Rule[]): boolean {
  return rules.some((rule, index) => isCounter(rule) && from.values[index]! < to.values[index]!);
}

/** One reading in place of two: it follows both, and counts no more than either. */
function below(one: Reading, other: Reading): Reading {
  const lineages = one.lineages.slice(0, other.lineages.length).map((run, index): Run => {
    const against = other.lineages[index]!;
    return {
      values: minimum(run.values, against.values),
      open: Math.max(run.open, against.open, 1),
      at: Math.min(run.at, against.at),
      accepts: Math.max(run.accepts, against.accepts) + 1,
    };
  });
  return { ended: minimum(one.ended, other.ended), lineages };
}

function minimum(one: readonly number[], other: readonly number[]): readonly number[] {
  return one.map((value, index) => Math.min(value, other[index]!));
}

function isBelow(one: readonly number[], other: readonly number[]): boolean {
  return one.every((value, index) => value <= other[index]!);
}

function largestFirst(left: Run, right: Run): number {
  return sum(right.values) - sum(left.values);
}

function sizeOf({ ended, lineages }: Reading): number {
  return lineages.reduce((total, { values }) => total + sum(values), sum(ended));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
