import type { Resource, Scope } from "../../model/series.ts";
import { resourceText, scopeText } from "./words.ts";

/** A signal's batches in words, as much as each verbosity wants. Lines have no line ends. */
export interface SignalText<Batch> {
  /** What there is how many of. */
  count(batch: Batch): readonly string[];
  /** One line for each item, under its resource. */
  lines(batch: Batch): readonly string[];
  /** Everything. */
  details(batch: Batch): readonly string[];
}

/** A heading for each resource, and below it the lines of what it has. */
export function byResource<T>(
  items: readonly T[],
  resourceOf: (item: T) => Resource,
  linesOf: (items: readonly T[]) => readonly string[],
): readonly string[] {
  return [...Map.groupBy(items, resourceOf)].flatMap(([resource, group]) => [
    `from ${resourceText(resource)}`,
    ...indented(linesOf(group)),
  ]);
}

/** A heading for each scope, and below it the lines of what it made. */
export function byScope<T>(
  items: readonly T[],
  scopeOf: (item: T) => Scope,
  linesOf: (items: readonly T[]) => readonly string[],
): readonly string[] {
  return [...Map.groupBy(items, scopeOf)].flatMap(([scope, group]) => [
    `scope ${scopeText(scope)}`,
    ...indented(linesOf(group)),
  ]);
}

export const indented = (lines: readonly string[]) => lines.map((line) => `  ${line}`);
