/**
 * The text of each event of a report, for the few that have to be read more exactly than a double is: with a reviver
 * `JSON.parse` takes five times as long, so it must not see the whole of a large report for one count in it.
 *
 * `report` is known to be valid JSON, an object with a list `events`. Nothing here recurses, however deep it nests.
 */
export function eventTexts(report: string): readonly string[] {
  const texts: string[] = [];
  let at = skipSpace(report, eventsAt(report) + 1);
  while (report[at] !== "]") {
    const end = endOfValue(report, at);
    texts.push(report.slice(at, end));
    at = skipSeparator(report, end);
  }
  return texts;
}

/** Where the list begins. Of members that come twice the last one counts, as it does for `JSON.parse`. */
function eventsAt(report: string): number {
  let found = -1;
  let at = skipSpace(report, skipSpace(report, 0) + 1);
  while (report[at] !== "}") {
    const keyEnd = endOfString(report, at);
    const valueAt = skipSpace(report, skipSpace(report, keyEnd) + 1);
    if (JSON.parse(report.slice(at, keyEnd)) === "events") found = valueAt;
    at = skipSeparator(report, endOfValue(report, valueAt));
  }
  return found;
}

function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at++) {
    const character = text[at]!;
    if (character === '"') at = endOfString(text, at) - 1;
    else if (OPENS.includes(character)) depth++;
    else if (CLOSES.includes(character)) depth--;
    else if (depth > 0 || !ENDS_SCALAR.includes(text[at + 1]!)) continue;
    if (depth === 0) return at + 1;
  }
}

function endOfString(text: string, start: number): number {
  let at = start;
  do at = text.indexOf('"', at + 1);
  while (isEscaped(text, at));
  return at + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === "\\") backslashes++;
  return backslashes % 2 === 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (SPACE.includes(text[at]!)) at++;
  return at;
}

function skipSeparator(text: string, end: number): number {
  const at = skipSpace(text, end);
  return text[at] === "," ? skipSpace(text, at + 1) : at;
}

const OPENS = "{[";
const CLOSES = "}]";
const SPACE = " \t\n\r";
const ENDS_SCALAR = `,${CLOSES}${SPACE}`;
