import { REDACTED } from "../component/secret.ts";
import type { Finding } from "./finding.ts";
import type { Problem, ProblemPlace } from "./problem.ts";
import { coverUnreadLine } from "./secrets.ts";
import { positionOf, type Range, type Source } from "./source.ts";

export interface ShowOptions {
  /** In the order in which they were read: problems come in this order. */
  readonly sources: readonly Source[];
  /** Where the sources hold secrets. */
  readonly covered: readonly Range[];
  /** Whether a source could not be read as YAML, so that its secrets are unknown. */
  readonly unread: boolean;
}

/** Makes of findings, which point into sources, problems that may be shown: in order, with their lines, secrets covered. */
export function showProblems(findings: readonly Finding[], options: ShowOptions): readonly Problem[] {
  const orderOf = (source: Source) => {
    const index = options.sources.indexOf(source);
    return index === -1 ? options.sources.length : index;
  };
  return findings
    .toSorted(
      (left, right) =>
        orderOf(left.range.source) - orderOf(right.range.source) ||
        left.range.start - right.range.start ||
        (left.severity < right.severity ? -1 : left.severity > right.severity ? 1 : 0) ||
        (left.code < right.code ? -1 : left.code > right.code ? 1 : 0),
    )
    .map(({ range, ...problem }) => ({ ...problem, place: placeOf(range, options) }));
}

const WIDTH_MAX = 160;

function placeOf(range: Range, { covered, unread }: ShowOptions): ProblemPlace {
  const { source } = range;
  const { line, column, lineStart, lineEnd } = positionOf(range);
  const whole = source.text.slice(lineStart, lineEnd);
  const pieces = unread ? unreadPieces(whole, lineStart) : coveredPieces(whole, lineStart, source, covered);
  const shownAt = (offset: number) => shownOffset(pieces, offset);
  const from = shownAt(range.start);
  const to = shownAt(Math.min(Math.max(range.end, range.start + 1), lineEnd));
  const text = pieces.map((piece) => piece.shown).join("");
  const cut = from > WIDTH_MAX / 2 && text.length > WIDTH_MAX ? from - WIDTH_MAX / 2 : 0;
  const shown = text.slice(cut, cut + WIDTH_MAX);
  const width = Math.max(1, Math.min(to - from, shown.length - (from - cut)));
  return { source: source.name, line, column, excerpt: { text: shown, column: from - cut + 1, width } };
}

/** A stretch of a line, and what is shown in its place. */
interface Piece {
  readonly start: number;
  readonly end: number;
  readonly shown: string;
}

function coveredPieces(line: string, lineStart: number, source: Source, covered: readonly Range[]): readonly Piece[] {
  const lineEnd = lineStart + line.length;
  const pieces: Piece[] = [];
  let at = lineStart;
  const secrets = covered
    .filter((range) => range.source === source && range.start < lineEnd && range.end > lineStart)
    .toSorted((left, right) => left.start - right.start);
  for (const { start, end } of secrets) {
    const from = Math.max(start, at);
    const to = Math.min(end, lineEnd);
    if (to <= from) continue;
    if (from > at) pieces.push({ start: at, end: from, shown: line.slice(at - lineStart, from - lineStart) });
    pieces.push({ start: from, end: to, shown: REDACTED });
    at = to;
  }
  if (at < lineEnd) pieces.push({ start: at, end: lineEnd, shown: line.slice(at - lineStart) });
  return pieces;
}

function unreadPieces(line: string, lineStart: number): readonly Piece[] {
  const covered = coverUnreadLine(line);
  const lineEnd = lineStart + line.length;
  if (covered === line) return [{ start: lineStart, end: lineEnd, shown: line }];
  const open = covered.slice(0, -REDACTED.length);
  const middle = lineStart + open.length;
  return [
    { start: lineStart, end: middle, shown: open },
    { start: middle, end: lineEnd, shown: REDACTED },
  ];
}

/** Where an offset of the source is in the shown line; inside something covered it is its beginning. */
function shownOffset(pieces: readonly Piece[], offset: number): number {
  let shown = 0;
  for (const { start, end, shown: text } of pieces) {
    if (offset < end) return shown + (text.length === end - start ? Math.max(0, offset - start) : 0);
    shown += text.length;
  }
  return shown;
}
