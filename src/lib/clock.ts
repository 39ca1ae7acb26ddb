/** Time as a value that is handed in, so that an agent can live in a simulated world. */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. May jump when the machine's clock is set. */
  now(): number;
  /** Milliseconds of a clock that never goes back; only differences mean something. */
  monotonic(): number;
  /** Calls back once, `delayMs` from now, unless cancelled. Does not keep a process alive. */
  after(delayMs: number, callback: () => void): Cancel;
  /** Calls back every `periodMs` until cancelled. Does not keep a process alive. */
  every(periodMs: number, callback: () => void): Cancel;
}

/** Cancels a timer; safe to call after it fired, and twice. */
export type Cancel = () => void;

/** Resolves after `delayMs`; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal.reason);
    };
    const cancel = clock.after(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
