import type { Cancel, Clock } from "./clock.ts";

/** The machine's own clock: one of the few places that may ask what time it is. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Not `performance`, which takes a twentieth of a start to load.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  after,
  every(periodMs, callback) {
    const timer = setInterval(callback, Math.min(periodMs, TIMER_MS_MAX));
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** A longer time fires a timer of Node's at once: https://nodejs.org/api/timers.html#settimeoutcallback-delay-args */
const TIMER_MS_MAX = 2 ** 31 - 1;

function after(delayMs: number, callback: () => void): Cancel {
  let cancelRest: Cancel | undefined;
  const timer = setTimeout(
    () => {
      if (delayMs > TIMER_MS_MAX) cancelRest = after(delayMs - TIMER_MS_MAX, callback);
      else callback();
    },
    Math.min(delayMs, TIMER_MS_MAX),
  );
  timer.unref();
  return () => {
    clearTimeout(timer);
    cancelRest?.();
  };
}
