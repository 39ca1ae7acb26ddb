import { printable } from "../printable.ts";

/** Rows as the lines of what programs read. */

type Values = Readonly<Record<string, string | number | null>>;

/** One array, an object on each line. */
export function* jsonLines(rows: Iterable<Values>): Iterable<string> {
  let before: string | undefined;
  yield "[";
  for (const row of rows) {
    if (before !== undefined) yield `${before},`;
    before = `  ${jsonText(row)}`;
  }
  if (before !== undefined) yield before;
  yield "]";
}

/** For spreadsheets and for programs that read no JSON (RFC 4180, with a header). */
export function* csvLines(fields: readonly string[], rows: Iterable<Values>): Iterable<string> {
  yield fields.join(",");
  for (const row of rows) yield fields.map((field) => csvCell(row[field]!)).join(",");
}

/** JSON escapes only the first of the control characters: the others are the same to a parser when they are escaped too. */
function jsonText(value: Values): string {
  return JSON.stringify(value).replaceAll(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Array(character.length).keys()]
      .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
      .join(""),
  );
}

/**
 * A spreadsheet takes what begins with one of these for a formula, and would run it. An apostrophe in front makes it
 * text; one that was there gets another, so that whoever takes the first off has what it was.
 */
const FORMULA = /^[=+\-@\t\r'＝＋－＠]/;

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = printable(FORMULA.test(value) ? `'${value}` : value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
