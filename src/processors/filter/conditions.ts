import type { Deps } from "../../component/component.ts";
import { type AnyOf, anyOf } from "../../kit/ottl/any-of.ts";
import type { Condition } from "../../kit/ottl/condition.ts";
import type { ContextName } from "../../kit/ottl/contexts/context.ts";
import type { Subjects } from "../../kit/ottl/contexts/contexts.ts";
import type { EvaluationError } from "../../kit/ottl/errors.ts";
import { failureTeller } from "../../kit/ottl/failures.ts";
import type { ConditionGroup, ErrorMode } from "../../kit/ottl/fields.ts";
import { FAILED_CONDITIONS } from "./telemetry.ts";

/** The conditions of one signal by their contexts, of which any one is enough. */
export type ByContext<Name extends ContextName> = { readonly [Each in Name]: AnyOf<Subjects[Each]> };

interface Written<Name extends ContextName> {
  readonly contexts: readonly Name[];
  /** The lists of the older way. */
  readonly lists: { readonly [Each in Name]?: readonly Condition<Subjects[Each]>[] };
  readonly groups: readonly ConditionGroup<Name>[];
  readonly errorMode: ErrorMode;
}

/** Sorts what was written in either way by context, and says what becomes of conditions that fail. */
export function byContext<Name extends ContextName>(written: Written<Name>, deps: Deps): ByContext<Name> {
  const { contexts, lists, groups, errorMode } = written;
  const modes = new Map<unknown, ErrorMode>();
  for (const group of groups) {
    for (const { condition } of group.conditions) modes.set(condition, group.errorMode ?? errorMode);
  }
  const tell = failureTeller("condition", deps, deps.meter.counter(FAILED_CONDITIONS));
  const failed = (failure: EvaluationError, condition: { readonly text: string }) =>
    tell(failure, condition.text, modes.get(condition) ?? errorMode);
  const inferred: readonly { readonly context: ContextName; readonly condition: Condition<never> }[] = groups.flatMap(
    ({ conditions }) => [...conditions],
  );
  const entries = contexts.map((context) => {
    const ofContext = inferred.filter((found) => found.context === context).map(({ condition }) => condition);
    return [context, anyOf<never>([...(lists[context] ?? []), ...ofContext], failed)];
  });
  return Object.fromEntries(entries) as ByContext<Name>;
}
