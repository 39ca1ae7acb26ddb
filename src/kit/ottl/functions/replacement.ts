import { format, optional, text, textFunction } from "../parameters.ts";
import type { Match, Pattern } from "../pattern.ts";

/** What the `replace_` editors have in common: the replacement, a converter for it, and a text around its result. */
export const REPLACEMENT = {
  replacement: text(),
  function: optional(textFunction(), (found: string) => found),
  replacement_format: optional(format(), (found: string) => found),
};

export interface Replacement {
  readonly replacement: (subject: unknown) => string;
  readonly function: (found: string) => string;
  readonly replacement_format: (found: string) => string;
}

/** Replaces a whole text. */
export function replacedWhole(replacement: Replacement, subject: unknown): string {
  return replacement.replacement_format(replacement.function(replacement.replacement(subject)));
}

/** Replaces each match within a text. */
export function replaceMatches(found: string, pattern: Pattern, replacement: Replacement, subject: unknown): string {
  if (!pattern.test(found)) return found;
  const template = replacement.replacement(subject);
  return pattern.replaceAll(found, (match) => {
    return replacement.replacement_format(replacement.function(expand(template, match)));
  });
}

/** `$1`, `${1}`, `$name`, `${name}` are groups, empty where there is none; `$$` is a `$`. A name goes on as long as it can. */
function expand(template: string, match: Match): string {
  return template.replace(/\$(?:\$|(\w+)|\{(\w+)\})/g, (_, plain?: string, braced?: string) => {
    const name = plain ?? braced;
    return name === undefined ? "$" : (match.group(name) ?? "");
  });
}
