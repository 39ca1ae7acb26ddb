import { cellWidth } from "./printable.ts";

export type Row = readonly string[];

/** Columns as wide as their widest cell, two spaces between them, nothing behind the last. */
export function textTable(rows: readonly Row[]): string {
  return [...tableLines(() => rows)].join("\n");
}

/** The lines of a table that need not be in memory: `rows` is gone through twice. The columns of `right` are numbers. */
export function* tableLines(rows: () => Iterable<Row>, right: ReadonlySet<number> = new Set()): Iterable<string> {
  const widths: number[] = [];
  for (const row of rows()) {
    for (let index = 0; index < row.length; index++) {
      widths[index] = Math.max(widths[index] ?? 0, cellWidth(row[index]!));
    }
  }
  for (const row of rows()) {
    yield row
      .map((cell, index) => {
        const space = " ".repeat(widths[index]! - cellWidth(cell));
        return right.has(index) ? space + cell : cell + space;
      })
      .join("  ")
      .trimEnd();
  }
}
