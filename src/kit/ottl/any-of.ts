import { type Reach, widest } from "./compiled.ts";
import type { Condition } from "./condition.ts";
import { EvaluationError } from "./errors.ts";

/** Several conditions, of which one is enough. */
export interface AnyOf<S> {
  readonly reach: Reach;
  test(subject: S): boolean;
  /**
   * The answer as far as the series decides it; where it does not, those of the conditions that its points have to be
   * asked. Worth remembering for each series: what fails for all its points is told once.
   */
  settle(subject: S): boolean | AnyOf<S>;
}

/**
 * Asks one after the other until one holds. One that fails is told to `failed` and does not hold: that is the
 * `error_mode` `ignore`, or `silent`, or, where `failed` throws, `propagate`.
 */
export function anyOf<S>(
  conditions: readonly Condition<S>[],
  failed: (failure: EvaluationError, condition: Condition<S>) => void,
): AnyOf<S> {
  const tell = (failure: unknown, condition: Condition<S>) => {
    if (!(failure instanceof EvaluationError)) throw failure;
    failed(failure, condition);
  };
  const some: AnyOf<S> = {
    reach: widest(...conditions.map(({ reach }) => reach)),
    test: (subject) => {
      for (const condition of conditions) {
        try {
          if (condition.test(subject)) return true;
        } catch (failure) {
          tell(failure, condition);
        }
      }
      return false;
    },
    settle: (subject) => {
      let first = 0;
      for (const condition of conditions) {
        try {
          const answer = condition.settle(subject);
          if (answer === true) return true;
          if (answer === undefined) break;
        } catch (failure) {
          tell(failure, condition);
        }
        first++;
      }
      if (first === conditions.length) return false;
      const remaining = open(conditions.slice(first), subject);
      return remaining.length === conditions.length ? some : anyOf(remaining, failed);
    },
  };
  return some;
}

/** Those that the series does not rule out. One that fails keeps its turn: an earlier one may hold. */
function open<S>(conditions: readonly Condition<S>[], subject: S): readonly Condition<S>[] {
  return conditions.filter((condition) => {
    try {
      return condition.settle(subject) !== false;
    } catch (failure) {
      if (failure instanceof EvaluationError) return true;
      throw failure;
    }
  });
}
