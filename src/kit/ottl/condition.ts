import type { ConditionNode } from "./ast.ts";
import { compileCondition } from "./compile-condition.ts";
import { ValueCompiler } from "./compile-value.ts";
import type { Reach } from "./compiled.ts";
import type { ContextName } from "./contexts/context.ts";
import { CONTEXTS, type Subjects } from "./contexts/contexts.ts";
import { inferContext, noContext } from "./infer-context.ts";
import { parseCondition } from "./parser.ts";
import { pathsOf } from "./paths.ts";

/** A condition, checked and ready to run. It remembers nothing and changes nothing. */
export interface Condition<S> {
  readonly text: string;
  /** What its answer depends on: with `series` or less, one answer serves all points of a series. */
  readonly reach: Reach;
  /** Throws `EvaluationError` where the data is not what the condition needs. */
  test(subject: S): boolean;
  /**
   * The answer as far as resource, scope, metric and attributes of a series decide it, undefined where its points have to
   * be asked. Throws what `test` would throw for every point.
   */
  settle(subject: S): boolean | undefined;
}

/** Reads and checks a condition of a context; throws `OttlError` with the place of what is wrong. */
export function condition<Name extends ContextName>(text: string, context: Name): Condition<Subjects[Name]> {
  return compiled(text, parseCondition(text), context);
}

/** A condition, and the context that it was found to need. */
export type InferredCondition<Name extends ContextName> = {
  readonly [Each in Name]: { readonly context: Each; readonly condition: Condition<Subjects[Each]> };
}[Name];

/** A condition of a context that is one of several. */
export function conditionIn<Name extends ContextName>(text: string, context: Name): InferredCondition<Name> {
  return { context, condition: condition(text, context) } as InferredCondition<Name>;
}

/** Reads and checks a condition whose paths say which of these contexts it needs. */
export function inferredCondition<Name extends ContextName>(
  text: string,
  contexts: readonly Name[],
): InferredCondition<Name> {
  const node = parseCondition(text);
  const context = inferContext(pathsOf(node), contexts);
  if (context === undefined) throw noContext(contexts);
  return { context, condition: compiled(text, node, context) } as InferredCondition<Name>;
}

function compiled<Name extends ContextName>(
  text: string,
  node: ConditionNode,
  context: Name,
): Condition<Subjects[Name]> {
  const { reach, test, settle } = compileCondition(node, new ValueCompiler(CONTEXTS[context]));
  return { text, reach, test, settle };
}
