import { EvaluationError } from "./errors.ts";

/** A condition or statement is written by a person; what is longer was made by a program that should filter otherwise. */
export const STATEMENT_CHARACTERS_MAX = 16_384;

/** Parentheses, lists, maps, calls and keys within each other: reading and running go as deep on the stack. */
export const NESTING_MAX = 64;

/** Matching takes time in proportion to pattern times text, and so does the memory of a compiled pattern. */
export const PATTERN_CHARACTERS_MAX = 1_000;

/** `[a-z]{0,900}` repeated is short to write and long to compile. */
export const PATTERN_INSTRUCTIONS_MAX = 10_000;

/** How long a text may be that an expression makes; data itself may bring longer ones. */
export const RESULT_CHARACTERS_MAX = 1_000_000;

/** How many items a list may have that is made. */
export const RESULT_ITEMS_MAX = 10_000;

export function limitedText(text: string): string {
  if (text.length > RESULT_CHARACTERS_MAX)
    throw new EvaluationError(
      `a text of ${text.length} characters would be made; ${RESULT_CHARACTERS_MAX} is the most`,
    );
  return text;
}
