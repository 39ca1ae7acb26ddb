/** A text with `${...}` in it, taken apart. Offsets are into the text. */
export type Part =
  | { readonly type: "literal"; readonly text: string }
  | Reference
  | { readonly type: "malformed"; readonly start: number; readonly end: number; readonly message: string };

export interface Reference {
  readonly type: "reference";
  readonly scheme: string;
  /** What follows the scheme: a name or a path. It may hold references itself. */
  readonly name: readonly Part[];
  /** What follows `:-`; env only. */
  readonly fallback?: readonly Part[];
  readonly start: number;
  readonly end: number;
}

/**
 * Takes `text` apart: `${env:X}`, `${X}` (the same), `${env:X:-default}`, `${file:path}`, `$$` for one `$`. A `$` before
 * anything else is itself. References nest: `${env:A:-${env:B}}`.
 */
export function parseSubstitutions(text: string): readonly Part[] {
  return parseParts(text, 0, false).parts;
}

/** Whether there is anything for `parseSubstitutions` to do. */
export const hasSubstitution = (text: string): boolean => text.includes("${") || text.includes("$$");

interface Parsed {
  readonly parts: readonly Part[];
  /** Behind the last character that was taken; inside a reference, at its closing brace or the end of the text. */
  readonly end: number;
}

function parseParts(text: string, from: number, inside: boolean): Parsed {
  const parts: Part[] = [];
  let literal = "";
  let index = from;
  const flush = () => {
    if (literal !== "") parts.push({ type: "literal", text: literal });
    literal = "";
  };
  while (index < text.length && !(inside && text[index] === "}")) {
    if (text.startsWith("$$", index)) {
      literal += "$";
      index += 2;
    } else if (text.startsWith("${", index)) {
      flush();
      const reference = parseReference(text, index);
      parts.push(reference);
      index = reference.end;
    } else {
      literal += text[index];
      index++;
    }
  }
  flush();
  return { parts, end: index };
}

function parseReference(text: string, start: number): Exclude<Part, { type: "literal" }> {
  const schemeMatch = /^([A-Za-z][A-Za-z0-9+.-]+):(?!-)/.exec(text.slice(start + 2, start + 40));
  const scheme = schemeMatch?.[1] ?? "env";
  const bodyStart = start + 2 + (schemeMatch?.[0].length ?? 0);
  const body = parseParts(text, bodyStart, true);
  if (body.end >= text.length) {
    return { type: "malformed", start, end: text.length, message: `"\${" without its "}"` };
  }
  const end = body.end + 1;
  if (body.end === bodyStart) return { type: "malformed", start, end, message: "nothing is named between the braces" };
  if (scheme !== "env") return { type: "reference", scheme, name: body.parts, start, end };
  const { name, fallback } = splitFallback(body.parts);
  return { type: "reference", scheme, name, ...(fallback && { fallback }), start, end };
}

/** The first `:-` outside nested references parts the name from the default. */
function splitFallback(parts: readonly Part[]): { name: readonly Part[]; fallback?: readonly Part[] } {
  for (const [index, part] of parts.entries()) {
    const at = part.type === "literal" ? part.text.indexOf(":-") : -1;
    if (part.type !== "literal" || at === -1) continue;
    const before = part.text.slice(0, at);
    const behind = part.text.slice(at + 2);
    return {
      name: [...parts.slice(0, index), ...literals(before)],
      fallback: [...literals(behind), ...parts.slice(index + 1)],
    };
  }
  return { name: parts };
}

const literals = (text: string): Part[] => (text === "" ? [] : [{ type: "literal", text }]);
