import { nearest } from "../../lib/nearest.ts";
import { compileCondition } from "./compile-condition.ts";
import { ValueCompiler } from "./compile-value.ts";
import { type Reach, widest } from "./compiled.ts";
import type { ContextName } from "./contexts/context.ts";
import { CONTEXTS, type Subjects } from "./contexts/contexts.ts";
import { OttlError } from "./errors.ts";
import { EDITORS_BY_NAME } from "./functions/functions.ts";
import { bindArguments } from "./parameters.ts";
import { parseStatement } from "./parser.ts";

/** A statement, checked and ready to run. */
export interface Statement<S> {
  readonly text: string;
  /** What it reads: with `series` or less, what it makes of a series is the same for all its points. */
  readonly reach: Reach;
  /**
   * The subject as the statement leaves it: another one, or the same where nothing changes. The given one stays as it is.
   * Throws `EvaluationError` where the data is not what the statement needs.
   */
  run(subject: S): S;
}

/** Reads and checks a statement of a context; throws `OttlError` with the place of what is wrong. */
export function statement<Name extends ContextName>(text: string, context: Name): Statement<Subjects[Name]> {
  type S = Subjects[Name];
  const node = parseStatement(text);
  const { name, offset } = node.editor;
  const editor = EDITORS_BY_NAME.get(name);
  if (editor === undefined) {
    throw new OttlError(`there is no editor ${name}`, { offset, nearest: nearest(name, EDITORS_BY_NAME.keys()) });
  }
  const values = new ValueCompiler(CONTEXTS[context]);
  const { arguments: args, reach } = bindArguments(node.editor, editor.parameters, values);
  const edit = editor.make(args, offset) as (subject: S) => S;
  if (node.where === undefined) return { text, reach, run: edit };
  const where = compileCondition(node.where, values);
  return {
    text,
    reach: widest(reach, where.reach),
    run: (subject) => (where.test(subject) ? edit(subject) : subject),
  };
}
