import { type Condition, condition } from "./condition.ts";
import type { ContextName } from "./contexts/context.ts";
import type { Subjects } from "./contexts/contexts.ts";
import { OttlError } from "./errors.ts";
import { EDITORS_BY_NAME } from "./functions/functions.ts";
import { inferContext, lowestContext, noContext } from "./infer-context.ts";
import { parseCondition, parseStatement } from "./parser.ts";
import { pathsOf } from "./paths.ts";
import { type Statement, statement } from "./statement.ts";

/** Statements of one context that are run one after the other, where one of the conditions holds, or there are none. */
export type StatementGroup<Name extends ContextName> = {
  readonly [Each in Name]: {
    readonly context: Each;
    readonly conditions: readonly Condition<Subjects[Each]>[];
    readonly statements: readonly Statement<Subjects[Each]>[];
  };
}[Name];

export interface WrittenGroup<Name extends ContextName> {
  /** Otherwise the one that sees all that the paths name. */
  readonly context?: Name | undefined;
  readonly conditions: readonly string[];
  readonly statements: readonly string[];
}

/** Reads and checks a group; what it throws is a `GroupError` with the place of the text that is wrong. */
export function statementGroupOf<Name extends ContextName>(
  written: WrittenGroup<Name>,
  allowed: readonly Name[],
): StatementGroup<Name> {
  const context = written.context ?? contextOf(written, allowed);
  return {
    context,
    conditions: eachText("conditions", written, (text) => condition(text, context)),
    statements: eachText("statements", written, (text) => statement(text, context)),
  } as StatementGroup<Name>;
}

/** A mistake in one of a group's texts. */
export class GroupError extends Error {
  override readonly name = "GroupError";
  override readonly cause: OttlError;
  readonly path: readonly (string | number)[];

  constructor(cause: OttlError, path: readonly (string | number)[]) {
    super(cause.message);
    this.cause = cause;
    this.path = path;
  }
}

function contextOf<Name extends ContextName>(written: WrittenGroup<Name>, allowed: readonly Name[]): Name {
  const ofConditions = eachText("conditions", written, (text) => inferContext(pathsOf(parseCondition(text)), allowed));
  const ofStatements = eachText("statements", written, (text) => {
    const { editor, where } = parseStatement(text);
    const only = allowed.find((name) => name === EDITORS_BY_NAME.get(editor.name)?.context);
    const paths = [...pathsOf(editor), ...(where === undefined ? [] : pathsOf(where))];
    const context = inferContext(paths, allowed) ?? only;
    if (context === undefined) throw noContext(allowed);
    return context;
  });
  return lowestContext([...ofStatements, ...ofConditions.filter((context) => context !== undefined)])!;
}

function eachText<T>(
  list: "conditions" | "statements",
  written: WrittenGroup<ContextName>,
  make: (text: string) => T,
): readonly T[] {
  return written[list].map((text, index) => {
    try {
      return make(text);
    } catch (failure) {
      throw failure instanceof OttlError ? new GroupError(failure, [list, index]) : failure;
    }
  });
}
