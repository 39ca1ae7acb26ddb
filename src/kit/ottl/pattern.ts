import { type Matcher, RE2JS } from "re2js";
import { OttlError } from "./errors.ts";
import { limitedText, PATTERN_CHARACTERS_MAX, PATTERN_INSTRUCTIONS_MAX } from "./limits.ts";

/** A pattern in RE2's syntax, which is Go's. It matches in time linear in the text, whatever pattern and text are. */
export interface Pattern {
  /** Whether it matches somewhere. */
  test(text: string): boolean;
  /** The first match; undefined where there is none. */
  match(text: string): Match | undefined;
  /** Its groups in their order, each by its name; undefined for those without one. */
  readonly groups: readonly (string | undefined)[];
  /** The text with every match replaced. */
  replaceAll(text: string, replacement: (match: Match) => string): string;
}

/** A group of a match by its number (0 is the whole) or name; undefined where it took no part or does not exist. */
export interface Match {
  group(name: string): string | undefined;
}

export function compilePattern(text: string, offset: number): Pattern {
  if (text.length > PATTERN_CHARACTERS_MAX) {
    throw new OttlError(`a pattern of ${text.length} characters is longer than ${PATTERN_CHARACTERS_MAX}`, { offset });
  }
  const compiled = compile(text, offset);
  if (compiled.programSize() > PATTERN_INSTRUCTIONS_MAX) {
    throw new OttlError("this pattern is too large", { offset, expected: "fewer or smaller repetitions" });
  }
  const names = new Map(Object.entries(compiled.namedGroups()).map(([name, group]) => [group, name]));
  return {
    groups: Array.from({ length: compiled.groupCount() }, (_, index) => names.get(index + 1)),
    test: (input) => compiled.test(input),
    match: (input) => {
      const matcher = compiled.matcher(input);
      return matcher.find() ? matchOf(compiled, matcher) : undefined;
    },
    replaceAll: (input, replacement) => replaceAll(compiled, input, replacement),
  };
}

function compile(text: string, offset: number): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OttlError(`not a pattern: ${reason}`, { offset, expected: "RE2's syntax" });
  }
}

function replaceAll(compiled: RE2JS, input: string, replacement: (match: Match) => string): string {
  const matcher = compiled.matcher(input);
  const match = matchOf(compiled, matcher);
  let text = "";
  let end = 0;
  let matched = false;
  while (matcher.find()) {
    const [from, to] = [matcher.start(), matcher.end()];
    // As in Go, nothing right behind a match is no match of its own.
    if (matched && from === to && from === end) continue;
    text = limitedText(text + input.slice(end, from) + replacement(match));
    end = to;
    matched = true;
  }
  return matched ? limitedText(text + input.slice(end)) : input;
}

/** What the matcher stands at. */
function matchOf(compiled: RE2JS, matcher: Matcher): Match {
  const groups = compiled.groupCount();
  const names = compiled.namedGroups();
  return {
    group: (name) => {
      const group = names[name] ?? (/^\d+$/.test(name) ? Number(name) : Number.NaN);
      return group <= groups ? (matcher.group(group) ?? undefined) : undefined;
    },
  };
}

/** The pattern of a glob: `*`, `?`, `[a-z]`, `[!a-z]` and `{this,that}`; a backslash takes the meaning off. It matches whole texts. */
export function compileGlob(glob: string, offset: number): Pattern {
  const unbalanced = () => new OttlError("not a glob: brackets must be closed", { offset });
  let pattern = "";
  let alternatives = 0;
  for (let at = 0; at < glob.length; at++) {
    const character = glob[at]!;
    if (character === "\\" && at + 1 < glob.length) pattern += RE2JS.quote(glob[++at]!);
    else if (character === "*") pattern += ".*";
    else if (character === "?") pattern += ".";
    else if (character === "{") {
      pattern += "(?:";
      alternatives++;
    } else if (character === "}" && alternatives > 0) {
      pattern += ")";
      alternatives--;
    } else if (character === "," && alternatives > 0) pattern += "|";
    else if (character === "[") {
      const end = glob.indexOf("]", at + 2);
      if (end < 0) throw unbalanced();
      pattern += `[${glob
        .slice(at + 1, end)
        .replace(/^!/, "^")
        .replaceAll("\\", "\\\\")
        .replaceAll("[", "\\[")}]`;
      at = end;
    } else pattern += RE2JS.quote(character);
  }
  if (alternatives > 0) throw unbalanced();
  return compilePattern(`(?s)^(?:${pattern})$`, offset);
}
