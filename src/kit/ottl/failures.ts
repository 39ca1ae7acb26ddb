import type { Deps } from "../../component/component.ts";
import type { Counter } from "../../component/meter.ts";
import { Refusal } from "../../component/refusal.ts";
import type { EvaluationError } from "./errors.ts";
import type { ErrorMode } from "./fields.ts";

/** What becomes of a condition or statement that fails, by its error mode: counted and told, counted, or thrown. */
export function failureTeller(what: "condition" | "statement", { log }: Pick<Deps, "log">, failures: Counter) {
  return (failure: EvaluationError, text: string, mode: ErrorMode): void => {
    const { message } = failure;
    if (mode === "propagate") {
      throw new Refusal("permanent", `${what}_failed`, `the ${what} ${text} failed: ${message}`);
    }
    failures.value++;
    if (mode === "ignore") log.limited(text).warn(`a ${what} failed`, { [what]: text, reason: message });
  };
}
