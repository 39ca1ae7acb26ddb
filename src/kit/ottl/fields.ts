import * as z from "zod";
import { refuse } from "../fields.ts";
import { type Condition, condition, conditionIn, type InferredCondition, inferredCondition } from "./condition.ts";
import type { ContextName } from "./contexts/context.ts";
import type { Subjects } from "./contexts/contexts.ts";
import { OttlError } from "./errors.ts";
import { compilePattern, type Pattern } from "./pattern.ts";
import { type Statement, statement } from "./statement.ts";
import { GroupError, type StatementGroup, statementGroupOf, type WrittenGroup } from "./statement-group.ts";

/** How conditions and statements stand in configurations: as texts, checked where they are read. */

/** A condition of one context; its own paths need no prefix. */
export const conditionOf = <Name extends ContextName>(context: Name) =>
  checked<Condition<Subjects[Name]>>("condition", (text) => condition(text, context));

/** A condition whose paths say which of these contexts it needs. */
export const conditionOfAny = <Name extends ContextName>(...contexts: readonly Name[]) =>
  checked<InferredCondition<Name>>("condition", (text) => inferredCondition(text, contexts));

/** Reads a condition of a context that stands beside it; a mistake is an issue at `path`. */
export function readCondition<Name extends ContextName>(
  text: string,
  name: Name,
  path: readonly (string | number)[],
  context: z.RefinementCtx,
): InferredCondition<Name> {
  return read(context, () => conditionIn(text, name), path);
}

/** A statement of one context. */
export const statementOf = <Name extends ContextName>(context: Name) =>
  checked<Statement<Subjects[Name]>>("statement", (text) => statement(text, context));

const ERROR_MODES = ["ignore", "silent", "propagate"] as const;

/** What becomes of a condition or statement that fails: it is skipped and told, it is skipped, or the data is refused. */
export type ErrorMode = (typeof ERROR_MODES)[number];

export const errorMode = () => z.enum(ERROR_MODES).default("ignore");

/** Conditions that stand together in a list of the Collector's `*_conditions`. */
export interface ConditionGroup<Name extends ContextName> {
  readonly conditions: readonly InferredCondition<Name>[];
  /** Where it differs from the component's. */
  readonly errorMode: ErrorMode | undefined;
}

/** An entry of `*_conditions`: a condition, or a section with several, their context and an `error_mode` of their own. */
export const conditionGroup = <Name extends ContextName>(...contexts: readonly Name[]) =>
  z.union([
    conditionOfAny(...contexts).transform((one): ConditionGroup<Name> => ({ conditions: [one], errorMode: undefined })),
    z
      .strictObject({
        context: z
          .enum(contexts)
          .optional()
          .describe("What the conditions are asked about; their paths say it otherwise."),
        conditions: z.array(z.string()).describe("Any of them is enough."),
        error_mode: z.enum(ERROR_MODES).optional().describe("What becomes of conditions of this section that fail."),
      })
      .transform(
        ({ context: name, conditions, error_mode }, context): ConditionGroup<Name> => ({
          conditions: conditions.map((text, index) => {
            const within = ["conditions", index];
            return name === undefined
              ? read(context, () => inferredCondition(text, contexts), within)
              : read(context, () => conditionIn(text, name), within);
          }),
          errorMode: error_mode,
        }),
      ),
  ]);

/** Statements of one context that stand together in a list of the Collector's `*_statements`. */
export interface StatementSection<Name extends ContextName> {
  readonly group: StatementGroup<Name>;
  /** Where it differs from the component's. */
  readonly errorMode: ErrorMode | undefined;
}

/** An entry of `*_statements`: a statement, or a section with several, their conditions, context and `error_mode`. */
export const statementSection = <Name extends ContextName>(...contexts: readonly Name[]) =>
  z.union([
    z
      .string()
      .transform((text, context): StatementSection<Name> => {
        const make = () => statementGroupOf({ conditions: [], statements: [text] }, contexts);
        return { group: read(context, make, []), errorMode: undefined };
      })
      .meta({ format: "ottl-statement" }),
    z
      .strictObject({
        context: z.enum(contexts).optional().describe("What the statements change; their paths say it otherwise."),
        conditions: z.array(z.string()).default([]).describe("Where there are some, one of them has to hold."),
        statements: z.array(z.string()).min(1).describe("What is done, one after the other."),
        error_mode: z.enum(ERROR_MODES).optional().describe("What becomes of what fails in this section."),
      })
      .transform(
        ({ error_mode, ...written }, context): StatementSection<Name> => ({
          group: read(context, () => statementGroupOf(written as WrittenGroup<Name>, contexts)),
          errorMode: error_mode,
        }),
      ),
  ]);

/** A pattern in RE2's syntax. */
export const pattern = () => checked<Pattern>("pattern", (text) => compilePattern(text, 0));

function checked<T>(kind: string, make: (text: string) => T) {
  return z
    .string()
    .transform((text, context): T => read(context, () => make(text)))
    .meta({ format: `ottl-${kind}` });
}

/** Turns a mistake into an issue; `given` leads to where in the value it is, where the mistake does not know that itself. */
function read<T>(context: z.RefinementCtx, make: () => T, given?: readonly (string | number)[]): T {
  try {
    return make();
  } catch (failure) {
    const mistake = failure instanceof GroupError ? failure.cause : failure;
    if (!(mistake instanceof OttlError)) throw failure;
    const { message, offset, expected, nearest } = mistake;
    const path = given ?? (failure instanceof GroupError ? failure.path : []);
    return refuse(context, "bad_expression", `${message}, at character ${offset + 1}`, { expected, nearest, path });
  }
}
