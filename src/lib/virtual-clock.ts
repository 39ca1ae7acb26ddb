import type { Cancel, Clock } from "./clock.ts";

/**
 * A clock that moves only when it is told to: timers fire in the order of their time, and of their making where that is
 * equal, so a run is the same each time. Nothing here asks the machine for the time.
 */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`, firing what falls due on the way, each at its own time. Promises do not get their turn in between. */
  advance(ms: number): void;
  /** As `advance`, and lets all promise callbacks run before, between and after the timers, until none is left. */
  advanceAsync(ms: number): Promise<void>;
  /** Sets the wall time, as an operator or NTP would; timers and `monotonic` do not notice. */
  setWallTime(epochMs: number): void;
  /** Timers that are set and neither fired nor cancelled: 0 when everything was tidied up. */
  readonly liveTimers: number;
}

/** What is left of a time by rounding alone takes so long: added to a later time it would be nothing, and never pass. */
const STEP_MS = 1e-6;

/** A clock that shows `startMs` (milliseconds since the epoch) until it is moved. */
export function virtualClock(startMs = Date.UTC(2026, 0, 1)): VirtualClock {
  let monotonicMs = 0;
  let wallOffsetMs = startMs;
  let made = 0;
  let live = 0;
  const queue: Timer[] = [];

  function set(delayMs: number, periodMs: number | undefined, callback: () => void): Cancel {
    const dueMs = delayMs > 0 ? monotonicMs + Math.max(delayMs, STEP_MS) : monotonicMs;
    const timer: Timer = { dueMs, order: made++, periodMs, callback, isLive: true };
    push(queue, timer);
    live++;
    return () => {
      if (!timer.isLive) return;
      timer.isLive = false; // It stays in the queue until its time comes.
      live--;
    };
  }

  function fireNext(untilMs: number): boolean {
    for (let next = queue[0]; next !== undefined && next.dueMs <= untilMs; next = queue[0]) {
      pop(queue);
      if (!next.isLive) continue;
      monotonicMs = Math.max(monotonicMs, next.dueMs);
      if (next.periodMs === undefined) {
        next.isLive = false;
        live--;
      } else {
        next.dueMs += next.periodMs;
        push(queue, next);
      }
      next.callback();
      return true;
    }
    return false;
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
      return live;
    },
  };
}

interface Timer {
  dueMs: number;
  readonly order: number;
  readonly periodMs: number | undefined;
  readonly callback: () => void;
  isLive: boolean;
}

/** Node runs what waits for the next tick when all promise callbacks are through, those that these have made included. */
function promisesRun(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
}

/** A binary heap: the parent of an entry is due before it. */
function push(heap: Timer[], timer: Timer): void {
  let index = heap.length;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (isBefore(heap[parent]!, timer)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = timer;
}

/** Takes the first one off; there is one. */
function pop(heap: Timer[]): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (let child = 1; child < heap.length; child = 2 * index + 1) {
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (isBefore(last, heap[child]!)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}

function isBefore(one: Timer, other: Timer): boolean {
  return one.dueMs < other.dueMs || (one.dueMs === other.dueMs && one.order < other.order);
}
