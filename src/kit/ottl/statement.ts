import { nearest } from "../../lib/nearest.ts";
import { compileCondition } from "./compile-condition.ts";
import { ValueCompiler } from "./compile-value.ts";
import { type Reach, widest } from "./compiled.ts";
import type { ContextName } from "./contexts/context.ts";
import { CONTEXTS, type Subjects } from "./contexts/contexts.ts";
import { OttlError } from "./errors.ts";
import type { PointsEdit } from "./functions/function.ts";
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
  /** Where it needs the data points of a metric: what it makes of each. Then `run` changes nothing. Throws as `run` does. */
  readonly ofPoint?: PointsEdit["ofPoint"];
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
  if (editor.context !== undefined && editor.context !== context) {
    throw new OttlError(`${name} is for the context ${editor.context}`, { offset, expected: editor.context });
  }
  const values = new ValueCompiler(CONTEXTS[context]);
  const { arguments: args, reach } = bindArguments(node.editor, editor.parameters, values);
  const edit = editor.make(args, offset);
  const where = node.where && compileCondition(node.where, values);
  if (typeof edit === "object") {
    const { ofPoint } = edit;
    return {
      text,
      reach: "item",
      run: (subject) => subject,
      ofPoint: (point) => (where?.test(point.series) === false ? [point] : ofPoint(point)),
    };
  }
  const run = edit as (subject: S) => S;
  if (where === undefined) return { text, reach, run };
  return {
    text,
    reach: widest(reach, where.reach),
    run: (subject) => (where.test(subject) ? run(subject) : subject),
  };
}
