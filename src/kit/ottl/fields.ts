import * as z from "zod";
import { refuse } from "../fields.ts";
import { type Condition, condition, type InferredCondition, inferredCondition } from "./condition.ts";
import type { ContextName } from "./contexts/context.ts";
import type { Subjects } from "./contexts/contexts.ts";
import { OttlError } from "./errors.ts";
import { type Statement, statement } from "./statement.ts";

/** How conditions and statements stand in configurations: as texts, checked where they are read. */

/** A condition of one context; its own paths need no prefix. */
export const conditionOf = <Name extends ContextName>(context: Name) =>
  checked<Condition<Subjects[Name]>>("condition", (text) => condition(text, context));

/** A condition whose paths say which of these contexts it needs. */
export const conditionOfAny = <Name extends ContextName>(...contexts: readonly Name[]) =>
  checked<InferredCondition<Name>>("condition", (text) => inferredCondition(text, contexts));

/** A statement of one context. */
export const statementOf = <Name extends ContextName>(context: Name) =>
  checked<Statement<Subjects[Name]>>("statement", (text) => statement(text, context));

/** What becomes of a condition or statement that fails: it is skipped and told, it is skipped, or the data is refused. */
export const errorMode = () => z.enum(["ignore", "silent", "propagate"]).default("ignore");

function checked<T>(kind: string, read: (text: string) => T) {
  return z
    .string()
    .transform((text, context): T => {
      try {
        return read(text);
      } catch (failure) {
        if (!(failure instanceof OttlError)) throw failure;
        const { message, offset, expected, nearest } = failure;
        return refuse(context, "bad_expression", `${message}, at character ${offset + 1}`, { expected, nearest });
      }
    })
    .meta({ format: `ottl-${kind}` });
}
