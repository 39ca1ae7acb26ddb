import type { Cancel, Clock } from "../../../src/lib/clock.ts";

/**
 * One process of the agent, which can die at any moment. Everything that would be seen outside of it is a step: a commit,
 * an answer, something shown. Between two steps nothing can be seen, so a kill at each step is a kill at each await. Once
 * it is dead, no step is taken any more.
 */
export class Mortal {
  /** How many reloads it was told to do. */
  reloads = 0;
  #state: "alive" | "dead" = "alive";
  #stepsLeft = Number.POSITIVE_INFINITY;
  readonly #mourners: (() => void)[] = [];

  get alive(): boolean {
    return this.#state === "alive";
  }

  /** Asked before each effect: where it is false, the effect must not happen. */
  step(): boolean {
    if (this.#state === "dead") return false;
    if (--this.#stepsLeft > 0) return true;
    this.die();
    return false;
  }

  /** Dies in place of the `steps`th step from now. */
  dieAtStep(steps: number): void {
    this.#stepsLeft = steps;
  }

  die(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    for (const mourn of this.#mourners.splice(0)) mourn();
  }

  onDeath(mourn: () => void): void {
    this.#mourners.push(mourn);
  }
}

/** A clock whose timers end with their process, and which began with it. */
export function mortalClock(clock: Clock, mortal: Mortal): Clock {
  const startMs = clock.monotonic();
  const timers = new Set<Cancel>();
  mortal.onDeath(() => {
    for (const cancel of timers) cancel();
    timers.clear();
  });
  const tracked = (cancelTimer: Cancel): Cancel => {
    const cancel = () => {
      timers.delete(cancel);
      cancelTimer();
    };
    timers.add(cancel);
    return cancel;
  };
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic() - startMs,
    after(delayMs, callback) {
      if (!mortal.alive) return () => {};
      const cancel = tracked(
        clock.after(delayMs, () => {
          timers.delete(cancel);
          callback();
        }),
      );
      return cancel;
    },
    every: (periodMs, callback) => (mortal.alive ? tracked(clock.every(periodMs, callback)) : () => {}),
  };
}

/** What a dead process waits for never comes. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
