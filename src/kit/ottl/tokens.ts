import { OttlError } from "./errors.ts";
import { STATEMENT_CHARACTERS_MAX } from "./limits.ts";

export type Token = { readonly offset: number; readonly text: string } & (
  | { readonly kind: "word" | "symbol" | "end" }
  | { readonly kind: "int"; readonly value: bigint }
  | { readonly kind: "double"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "bytes"; readonly value: Uint8Array }
);

const INT_MAX = 2n ** 63n - 1n;
const BLANK = /\s*/y;
// The order matters: `0x01` is bytes and no 0, `1.5` no 1. Signs are operators, the parser gives them to their numbers.
const TOKEN =
  /(?<bytes>0x[0-9a-fA-F]+)|(?<double>(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?<int>\d+)|(?<string>"(?:\\[\s\S]|[^\\"])*")|(?<word>[A-Za-z][A-Za-z0-9_]*)|(?<symbol>==|!=|<=|>=|[-+*/<>=(){}[\],.:])/y;

/** Cuts a condition or statement into tokens; the last one is of the kind `end`. */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > STATEMENT_CHARACTERS_MAX) {
    throw new OttlError(`${text.length} characters are more than ${STATEMENT_CHARACTERS_MAX}`, {
      offset: STATEMENT_CHARACTERS_MAX,
    });
  }
  const tokens: Token[] = [];
  for (let offset = skipBlank(text, 0); offset < text.length; ) {
    TOKEN.lastIndex = offset;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw unreadable(text, offset);
    const token = tokenOf(groups, offset);
    tokens.push(token);
    offset = skipBlank(text, offset + token.text.length);
  }
  tokens.push({ kind: "end", offset: text.length, text: "" });
  return tokens;
}

function skipBlank(text: string, offset: number): number {
  BLANK.lastIndex = offset;
  BLANK.exec(text);
  return BLANK.lastIndex;
}

function unreadable(text: string, offset: number): OttlError {
  const character = String.fromCodePoint(text.codePointAt(offset)!);
  if (character === '"') return new OttlError("this text has no end", { offset, expected: 'a closing "' });
  const expected = character === "'" ? 'texts in double quotes, "like this"' : undefined;
  return new OttlError(`${JSON.stringify(character)} means nothing here`, { offset, expected });
}

function tokenOf(groups: Record<string, string | undefined>, offset: number): Token {
  const { bytes, double, int, string, word } = groups;
  if (word !== undefined) return { kind: "word", offset, text: word };
  if (string !== undefined) return { kind: "string", offset, text: string, value: unquote(string, offset) };
  if (bytes !== undefined) return { kind: "bytes", offset, text: bytes, value: hexBytes(bytes, offset) };
  if (double !== undefined) {
    const value = Number(double);
    if (!Number.isFinite(value)) throw new OttlError(`${double} is beyond the largest number`, { offset });
    return { kind: "double", offset, text: double, value };
  }
  if (int !== undefined) {
    const value = BigInt(int);
    if (value > INT_MAX) throw new OttlError(`${int} is more than ${INT_MAX}`, { offset, expected: "64 bits" });
    return { kind: "int", offset, text: int, value };
  }
  return { kind: "symbol", offset, text: groups["symbol"]! };
}

function hexBytes(text: string, offset: number): Uint8Array {
  if (text.length % 2 !== 0)
    throw new OttlError(`${text} ends in half a byte`, { offset, expected: "two digits a byte" });
  return new Uint8Array(Buffer.from(text.slice(2), "hex"));
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ["a", "\x07"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
  ["\\", "\\"],
  ['"', '"'],
]);
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([\s\S]?))/g;

/** A text without its quotes, its escapes resolved as Go does it: `\d` is a mistake, a pattern says `\\d`. */
function unquote(quoted: string, offset: number): string {
  const newline = quoted.indexOf("\n");
  if (newline >= 0) throw new OttlError("a text ends in its line", { offset: offset + newline, expected: "\\n" });
  return quoted.slice(1, -1).replace(ESCAPE, (whole, x, u, long, octal, letter, at: number) => {
    const hex: string | undefined = x ?? u ?? long;
    const code = hex === undefined ? Number.parseInt(octal ?? "", 8) : Number.parseInt(hex, 16);
    if (code <= 0x10_ffff && (code < 0xd800 || code > 0xdfff)) return String.fromCodePoint(code);
    const character = ESCAPES.get(letter);
    if (character !== undefined) return character;
    const expected = letter === undefined || letter === "" ? undefined : `\\\\${letter} for a backslash`;
    throw new OttlError(`${whole} is no escape`, { offset: offset + 1 + at, expected });
  });
}
