import { createHash } from "node:crypto";
import { EvaluationError } from "../errors.ts";
import { limitedText, RESULT_ITEMS_MAX } from "../limits.ts";
import { optional, pattern, text, textLike, textLikeList, value, wholeNumber } from "../parameters.ts";
import { isList, isMap, typeName } from "../value.ts";
import { converter } from "./function.ts";

/** Looking at texts, and making others of them. Lengths and positions count UTF-8 bytes, as in the Collector. */
export const TEXT_CONVERTERS = [
  converter({
    name: "IsMatch",
    summary: "Whether a pattern matches somewhere in its text; nil matches nothing.",
    returns: "boolean",
    parameters: { target: textLike(), pattern: pattern() },
    make:
      ({ target, pattern }) =>
      (subject) => {
        const found = target(subject);
        return found !== undefined && pattern.test(found);
      },
  }),
  converter({
    name: "HasPrefix",
    summary: "Whether a text begins with another.",
    returns: "boolean",
    parameters: { target: text(), prefix: text() },
    make:
      ({ target, prefix }) =>
      (subject) =>
        target(subject).startsWith(prefix(subject)),
  }),
  converter({
    name: "HasSuffix",
    summary: "Whether a text ends with another.",
    returns: "boolean",
    parameters: { target: text(), suffix: text() },
    make:
      ({ target, suffix }) =>
      (subject) =>
        target(subject).endsWith(suffix(subject)),
  }),
  converter({
    name: "Len",
    summary: "How many bytes a text has, how many items a list, how many entries a map.",
    returns: "int",
    parameters: { target: value() },
    make:
      ({ target: { get } }) =>
      (subject) => {
        const found = get(subject);
        if (typeof found === "string") return Buffer.byteLength(found);
        if (isList(found) || found instanceof Uint8Array) return found.length;
        if (isMap(found)) return Object.keys(found).length;
        throw new EvaluationError(`${typeName(found)} has no length`);
      },
  }),
  converter({
    name: "Concat",
    summary: "Texts one after the other, with a delimiter in between; nil is written as <nil>.",
    returns: "string",
    parameters: { vals: textLikeList(), delimiter: text() },
    make:
      ({ vals, delimiter }) =>
      (subject) =>
        limitedText(vals.map((item) => item(subject) ?? "<nil>").join(delimiter(subject))),
  }),
  converter({
    name: "Split",
    summary: "The list of what stands between a delimiter.",
    returns: "list",
    parameters: { target: text(), delimiter: text() },
    make:
      ({ target, delimiter }) =>
      (subject) => {
        const [found, by] = [target(subject), delimiter(subject)];
        const parts =
          by === "" ? Array.from(found.slice(0, 2 * RESULT_ITEMS_MAX + 2)) : found.split(by, RESULT_ITEMS_MAX + 1);
        if (parts.length > RESULT_ITEMS_MAX) throw new EvaluationError(`more than ${RESULT_ITEMS_MAX} parts`);
        return parts;
      },
  }),
  converter({
    name: "Substring",
    summary: "`length` bytes of a text from `start` on; characters that are cut through are left out.",
    returns: "string",
    parameters: { target: text(), start: wholeNumber(), length: wholeNumber() },
    make:
      ({ target, start, length }) =>
      (subject) =>
        substring(target(subject), start(subject), length(subject)),
  }),
  converter({
    name: "Trim",
    summary: "A text without certain characters at both ends, blanks by default.",
    returns: "string",
    parameters: { target: text(), replacement: optional(text(), () => " ") },
    make:
      ({ target, replacement }) =>
      (subject) =>
        trim(target(subject), new Set(replacement(subject))),
  }),
  converter({
    name: "ToLowerCase",
    summary: "A text in lowercase.",
    returns: "string",
    parameters: { target: text() },
    make:
      ({ target }) =>
      (subject) =>
        inCase(target(subject), (letter) => (letter === "\u0130" ? "i" : letter.toLowerCase())),
  }),
  converter({
    name: "ToUpperCase",
    summary: "A text in uppercase.",
    returns: "string",
    parameters: { target: text() },
    make:
      ({ target }) =>
      (subject) =>
        inCase(target(subject), (letter) => letter.toUpperCase()),
  }),
  converter({
    name: "SHA256",
    summary: "The SHA-256 of a text, in hexadecimal.",
    returns: "string",
    parameters: { target: text() },
    make:
      ({ target }) =>
      (subject) =>
        createHash("sha256").update(target(subject)).digest("hex"),
  }),
];

function substring(found: string, start: number, length: number): string {
  if (start < 0) throw new EvaluationError(`${start} is before the text`);
  if (length <= 0) throw new EvaluationError(`${length} is no length of a part`);
  const bytes = Buffer.from(found);
  const end = start + length;
  if (end > bytes.length) throw new EvaluationError(`the text ends at ${bytes.length}, its part at ${end}`);
  return wholeCharacters(bytes, start, end);
}

/** What is whole between two positions: a byte of the form 10xxxxxx goes on with a character. */
export function wholeCharacters(bytes: Buffer, start: number, end: number): string {
  const continues = (at: number) => at < bytes.length && (bytes[at]! & 0xc0) === 0x80;
  let from = start;
  while (from < end && continues(from)) from++;
  let to = end;
  while (to > from && continues(to)) to--;
  return bytes.toString("utf8", from, to);
}

function trim(found: string, characters: ReadonlySet<string>): string {
  const letters = Array.from(found);
  let from = 0;
  while (from < letters.length && characters.has(letters[from]!)) from++;
  let to = letters.length;
  while (to > from && characters.has(letters[to - 1]!)) to--;
  return letters.slice(from, to).join("");
}

/** Letter by letter, as Go does it: one whose other case is several letters stays as it is. */
function inCase(found: string, change: (letter: string) => string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is the range of ASCII.
  if (/^[\u0000-\u007f]*$/.test(found)) return change(found);
  let changed = "";
  for (const letter of found) {
    const other = change(letter);
    changed += Array.from(other).length === 1 ? other : letter;
  }
  return changed;
}
