import type { Problem } from "./problem.ts";

/**
 * A problem as people and editors read it:
 *
 *     gostcol.yaml:4:5: error: receivers.gost has no option "endpont" [unknown_option]
 *       4 |     endpont: 127.0.0.1:8000
 *         |     ^^^^^^^ did you mean "endpoint"?
 */
export function problemText({ severity, code, message, expected, suggestion, place }: Problem): string {
  const { source, line, column, excerpt } = place;
  const hint =
    suggestion !== undefined ? `did you mean "${suggestion}"?` : expected !== undefined ? `expected ${expected}` : "";
  const gutter = String(line);
  const blank = " ".repeat(gutter.length);
  const lines = [`${source}:${line}:${column}: ${severity}: ${message} [${code}]`];
  if (excerpt.text.trim() !== "") {
    const caret = `${" ".repeat(excerpt.column - 1)}${"^".repeat(excerpt.width)} ${hint}`.trimEnd();
    lines.push(`  ${gutter} | ${excerpt.text}`, `  ${blank} | ${caret}`);
  } else if (hint !== "") lines.push(`  ${hint}`);
  if (suggestion !== undefined && expected !== undefined && expected !== suggestion)
    lines.push(`  expected ${expected}`);
  return lines.join("\n");
}

/** `3 errors and 1 warning`. */
export function countText(problems: readonly Problem[]): string {
  const count = (severity: Problem["severity"]) => problems.filter((problem) => problem.severity === severity).length;
  const parts = [plural(count("error"), "error"), plural(count("warning"), "warning")].filter((text) => text !== "");
  return parts.join(" and ");
}

const plural = (count: number, noun: string) => (count === 0 ? "" : `${count} ${noun}${count === 1 ? "" : "s"}`);
