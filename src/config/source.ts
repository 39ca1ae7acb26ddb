/** A text that configuration was read from. */
export interface Source {
  /** The file's name as it was given, `--set`, `env:NAME`, `yaml:` or `${file:...}`. */
  readonly name: string;
  readonly text: string;
  readonly origin: SourceOrigin;
}

/** `set` is one `--set`; `value` is what a `${...}` fetched, so its scalars were not written in a configuration. */
export type SourceOrigin = "config" | "set" | "value";

/** A stretch of a source, by offsets into its text; `end` is behind the last character. */
export interface Range {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Line and column, both from 1, and where the line is in the text. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** Counted when it is asked for: only problems are ever shown with a position. */
export function positionOf({ source: { text }, start }: Range): Position {
  const offset = Math.min(start, text.length);
  const lineStart = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  let line = 1;
  for (let index = text.indexOf("\n"); index !== -1 && index < lineStart; index = text.indexOf("\n", index + 1)) line++;
  const newline = text.indexOf("\n", lineStart);
  const lineEnd =
    newline === -1 ? text.length : newline > lineStart && text[newline - 1] === "\r" ? newline - 1 : newline;
  return { line, column: offset - lineStart + 1, lineStart, lineEnd };
}

export const textOf = ({ source, start, end }: Range): string => source.text.slice(start, end);
