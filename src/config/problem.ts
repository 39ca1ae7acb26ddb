/** Something wrong with a configuration, ready to be shown: nothing in it is secret. */
export interface Problem {
  readonly severity: "error" | "warning";
  /** One of the codes that docs/errors.md explains. */
  readonly code: string;
  /** What was found. */
  readonly message: string;
  /** What would be right. */
  readonly expected?: string;
  /** The valid name that was most likely meant. */
  readonly suggestion?: string;
  readonly place: ProblemPlace;
}

export interface ProblemPlace {
  /** The file's name as it was given, `--set`, `env:NAME` or `yaml:`. */
  readonly source: string;
  /** Both from 1. */
  readonly line: number;
  readonly column: number;
  /** The source's line, secrets covered, and where in it the caret belongs. */
  readonly excerpt: { readonly text: string; readonly column: number; readonly width: number };
}
