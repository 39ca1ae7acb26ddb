import { anyOf } from "./any-of.ts";
import { type Reach, widest } from "./compiled.ts";
import type { ContextName } from "./contexts/context.ts";
import type { Subjects } from "./contexts/contexts.ts";
import type { DataPoint } from "./contexts/datapoint.ts";
import { EvaluationError } from "./errors.ts";
import type { PointsEdit } from "./functions/function.ts";
import type { StatementGroup } from "./statement-group.ts";

/** What is run as one: a statement, or several behind their conditions. */
export type Step<Name extends ContextName> = {
  readonly [Each in Name]: {
    readonly context: Each;
    /** What it reads: with `series` or less, what it makes of a series is the same for all its points. */
    readonly reach: Reach;
    /** The same subject where nothing changes. */
    readonly run: (subject: Subjects[Each]) => Subjects[Each];
    /** In the place of `run`, where it needs the data points of a metric: what it makes of each. */
    readonly ofPoint?: PointsEdit["ofPoint"];
  };
}[Name];

/** Hears of what fails: a condition does not hold then, and a statement changes nothing. May throw. */
export type Failed = (failure: EvaluationError, text: string) => void;

/** The steps that a group is run in. Statements without conditions are apart, for each can reach less than all of them. */
export function stepsOf<Name extends ContextName>(group: StatementGroup<Name>, failed: Failed): readonly Step<Name>[] {
  const { conditions, statements } = group;
  if (conditions.length > 0) return [stepOf(group, failed)];
  return statements.map((statement) => stepOf({ ...group, statements: [statement] } as StatementGroup<Name>, failed));
}

function stepOf<Name extends ContextName>(group: StatementGroup<Name>, failed: Failed): Step<Name> {
  const { context, conditions, statements } = group as StatementGroup<ContextName>;
  // The subjects are those of the group's context, which the type of the whole says and those of its parts do not.
  const any = anyOf<never>(conditions, (failure, { text }) => failed(failure, text));
  const run = (subject: never): unknown => {
    if (conditions.length > 0 && !any.test(subject)) return subject;
    let changed = subject;
    for (const statement of statements) {
      try {
        changed = statement.run(changed) as never;
      } catch (failure) {
        if (!(failure instanceof EvaluationError)) throw failure;
        failed(failure, statement.text);
      }
    }
    return changed;
  };
  const reach = widest(any.reach, ...statements.map((one) => one.reach));
  if (statements.every((one) => one.ofPoint === undefined)) return { context, reach, run } as unknown as Step<Name>;
  const ofPoint = pointsEdit(statements as StatementGroup<"metric">["statements"], failed);
  const isAsked = (point: DataPoint) => conditions.length === 0 || any.test(point.series as never);
  const edit = (point: DataPoint) => (isAsked(point) ? ofPoint(point) : [point]);
  return { context, reach, run, ofPoint: edit } as unknown as Step<Name>;
}

/** Statements of metrics, one after the other: each is run of all points that those before it have made. */
function pointsEdit(statements: StatementGroup<"metric">["statements"], failed: Failed): PointsEdit["ofPoint"] {
  const edits = statements.map(({ text, run, ofPoint }) => (point: DataPoint): readonly DataPoint[] => {
    try {
      if (ofPoint !== undefined) return ofPoint(point);
      const { series } = point;
      const edited = run(series);
      return edited === series ? [point] : [{ ...point, series: { ...series, ...edited } }];
    } catch (failure) {
      if (!(failure instanceof EvaluationError)) throw failure;
      failed(failure, text);
      return [point];
    }
  });
  return (point) => edits.reduce<readonly DataPoint[]>((points, edit) => points.flatMap(edit), [point]);
}
