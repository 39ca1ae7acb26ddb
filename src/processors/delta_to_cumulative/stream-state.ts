import type { MemberBehaviour } from "../../model/series.ts";
import { type Readings, withReadMembers } from "./readings.ts";

/**
 * The totals of one stream, and what is known of the emitters behind it. Immutable: each report makes a new value.
 *
 * The run of one emitter's values is a lineage; it begins at zero, and what it grew by is added to the totals. Nearly
 * always there is one (`lineage.ts`). Where there can be several, `several-emitters.ts` takes over.
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
  /** When the last report came; 0 never. An idle stream is not reported, so this is when anything of it last changed. */
  readonly reportAt: number;
  /** Absent while nothing is uncertain, as always where the mode is told from the beginning. */
  readonly doubts: Doubts | undefined;
  /** Absent while one lineage explains all; then they say what `last` would. */
  readonly readings: Readings | undefined;

  constructor(
    lineage: Lineage,
    totals: readonly number[],
    last: readonly number[],
    reportAt: number,
    doubts?: Doubts,
    readings?: Readings,
  ) {
    this.lineage = lineage;
    this.totals = totals;
    this.last = last;
    this.reportAt = reportAt;
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
  /** How often its counters began: once, and again with each life and each such fall after that. */
  readonly epochs: number;
}

let latest: Lineage = { start: 0, life: 0, falls: 0, epochs: 0 };

/**
 * The same object as the last time where it is the same lineage: streams of one service mostly began together, and what
 * all of them share does not have to be fetched from memory for each.
 */
export function lineageOf(start: number, life: number, falls: number, epochs: number): Lineage {
  const isLatest = latest.start === start && latest.life === life && latest.falls === falls && latest.epochs === epochs;
  if (!isLatest) latest = { start, life, falls, epochs };
  return latest;
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

export type Behaviours = readonly MemberBehaviour[];

/** A stream before its first report. Its epoch began at zero, so its first values count in whole. */
export function newStream(start: number, members: number, life: number): StreamState {
  const none = Array.from({ length: members }, () => Number.NaN);
  return new StreamState(lineageOf(start, life, 0, 1), none, none, 0);
}

/** The state when its members are others now: each entry is the index that a member had before, or -1. */
export function withMembers(state: StreamState, indexes: readonly number[]): StreamState {
  const pick = (numbers: readonly number[], missing: number) => indexes.map((index) => numbers[index] ?? missing);
  const { lineage, totals, last, reportAt, doubts, readings } = state;
  const picked = doubts && {
    open: pick(doubts.open, 0),
    settled: pick(doubts.settled, 0),
    falling: indexes.map((index) => doubts.falling[index] ?? []),
  };
  const read = readings && withReadMembers(readings, indexes);
  return new StreamState(lineage, pick(totals, Number.NaN), pick(last, Number.NaN), reportAt, picked, read);
}

/** By how much a member's total could be too low. */
export function uncertainty({ doubts, readings }: StreamState, index: number): number {
  const ofMode = doubts === undefined ? 0 : doubts.open[index]! + doubts.settled[index]!;
  return readings === undefined ? ofMode : ofMode + readings.spread[index]!;
}

/** Whether a member counts since its emitter began, in both modes. */
export function isCounter(behaviour: MemberBehaviour | undefined): boolean {
  return behaviour === "cumulative" || behaviour === "accepted";
}

/** Whether a value can be counted at all. */
export function isCount(value: number): boolean {
  return value >= 0 && value < Number.POSITIVE_INFINITY;
}

/** Whether a level tells of anything. */
export function hasOpen(values: readonly number[], behaviours: Behaviours): boolean {
  return behaviours.some((behaviour, index) => behaviour === "level" && values[index]! > 0);
}

/** How many connections are open; where no level tells of them, there can always be one. */
export function openOf(values: readonly number[], behaviours: Behaviours): number {
  for (let index = 0; index < behaviours.length; index++) {
    if (behaviours[index] === "level" && isCount(values[index]!)) return values[index]!;
  }
  return Number.POSITIVE_INFINITY;
}
