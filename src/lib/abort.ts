import type { Clock } from "./clock.ts";

/** A signal that aborts `afterMs` from now, or with `parent`; `cancel` frees the timer once the work is done. */
export interface Deadline {
  readonly signal: AbortSignal;
  cancel(): void;
}

/** Starts a deadline; its abort reason is a `DeadlineError` that says what was late. */
export function deadline(clock: Clock, afterMs: number, what: string, parent?: AbortSignal): Deadline {
  const controller = new AbortController();
  const cancelTimer = clock.after(afterMs, () => controller.abort(new DeadlineError(what, afterMs)));
  const onParent = () => controller.abort(parent?.reason);
  if (parent?.aborted) onParent();
  else parent?.addEventListener("abort", onParent, { once: true });
  return {
    signal: controller.signal,
    cancel() {
      cancelTimer();
      parent?.removeEventListener("abort", onParent);
    },
  };
}

export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  constructor(what: string, afterMs: number) {
    super(`${what} took longer than ${afterMs} ms`);
  }
}

/** A signal that never aborts, for calls whose caller has nothing to cancel them with. */
export const NEVER: AbortSignal = new AbortController().signal;

/** Waits for `work`, but no longer than the signal: then rejects with its reason, while the work goes on unheard. */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {}); // Its outcome no longer matters to anyone.
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
