import type { Clock } from "./clock.ts";

/** The machine's own clock: one of the few places that may ask what time it is. */
export const systemClock: Clock = {
  now: () => Date.now(),
  // Not `performance`, which takes a twentieth of a start to load.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1000 + nanoseconds / 1e6;
  },
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};
