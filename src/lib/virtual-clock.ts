import type { Cancel, Clock } from "./clock.ts";

/** How many promise callbacks may follow one another between two timers before time moves on. */
const TURNS_PER_STEP = 32;

/**
 * A clock that moves only when it is told to: timers fire in the order of their time, and of their making where that is
 * equal, so a run is the same each time. Nothing here asks the machine for the time.
 */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, firing what falls due on the way, each at its own time. Promises do not get their turn in between. */
  advance(ms: number): void;
  /** As `advance`, and lets promise callbacks run before, between and after the timers. */
  advanceAsync(ms: number): Promise<void>;
  /** Sets the wall time, as an operator or NTP would; timers and `monotonic` do not notice. */
  setWallTime(epochMs: number): void;
  /** Timers that are set and neither fired nor cancelled: 0 when everything was tidied up. */
  readonly liveTimers: number;
}

/** A clock that shows `startMs` (milliseconds since the epoch) until it is moved. */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let monotonicMs = 0;
  let wallOffsetMs = startMs;
  let made = 0;
  const timers = new Set<Timer>();

  function set(delayMs: number, periodMs: number | undefined, callback: () => void): Cancel {
    const timer: Timer = { dueMs: monotonicMs + Math.max(0, delayMs), order: made++, periodMs, callback };
    timers.add(timer);
    return () => {
      timers.delete(timer);
    };
  }

  function fireNext(untilMs: number): boolean {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueMs > untilMs) continue;
      if (next === undefined || timer.dueMs < next.dueMs || (timer.dueMs === next.dueMs && timer.order < next.order)) {
        next = timer;
      }
    }
    if (next === undefined) return false;
    monotonicMs = Math.max(monotonicMs, next.dueMs);
    if (next.periodMs === undefined) timers.delete(next);
    else next.dueMs += next.periodMs;
    next.callback();
    return true;
  }

  return {
    now: () => wallOffsetMs + monotonicMs,
    monotonic: () => monotonicMs,
    after: (delayMs, callback) => set(delayMs, undefined, callback),
    // A period of nothing would never let time move on; the machine's timers take at least a millisecond as well.
    every: (periodMs, callback) => set(Math.max(1, periodMs), Math.max(1, periodMs), callback),
    advance(ms) {
      const untilMs = monotonicMs + ms;
      while (fireNext(untilMs));
      monotonicMs = untilMs;
    },
    async advanceAsync(ms) {
      const untilMs = monotonicMs + ms;
      await promisesRun();
      while (fireNext(untilMs)) await promisesRun();
      monotonicMs = untilMs;
      await promisesRun();
    },
    setWallTime(epochMs) {
      wallOffsetMs = epochMs - monotonicMs;
    },
    get liveTimers() {
      return timers.size;
    },
  };
}

interface Timer {
  dueMs: number;
  readonly order: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
}

async function promisesRun(): Promise<void> {
  for (let turn = 0; turn < TURNS_PER_STEP; turn++) await undefined;
}
