import type { PathNode } from "./ast.ts";
import type { ContextName } from "./contexts/context.ts";
import { OttlError } from "./errors.ts";

/** From what sees everything of its signal to what sees itself alone. */
const PRIORITY: readonly ContextName[] = ["log", "datapoint", "metric", "spanevent", "span", "scope", "resource"];

/**
 * The context that these paths need, where each of them says its own: the one that sees all the others; undefined where
 * there are none. The Collector does the same with its `*_conditions` and `*_statements`.
 */
export function inferContext<Name extends ContextName>(
  paths: readonly PathNode[],
  allowed: readonly Name[],
): Name | undefined {
  const named = paths.map(({ fields, offset }) => {
    const written = fields[0]!.name;
    const name = written === "instrumentation_scope" ? "scope" : written;
    const context = allowed.find((candidate) => candidate === name);
    if (context !== undefined && fields.length > 1) return context;
    throw new OttlError(`${written} is no context here`, {
      offset,
      expected: `paths that begin with ${starts(allowed)}`,
    });
  });
  return lowestContext(named);
}

/** The one of these contexts that sees all the others. */
export function lowestContext<Name extends ContextName>(names: readonly Name[]): Name | undefined {
  return names.toSorted((left, right) => PRIORITY.indexOf(left) - PRIORITY.indexOf(right))[0];
}

/** What is thrown where a context is needed and no path says one. */
export function noContext(allowed: readonly ContextName[]): OttlError {
  return new OttlError("nothing says what this is asked about", {
    offset: 0,
    expected: `a path that begins with ${starts(allowed)}`,
  });
}

const starts = (contexts: readonly ContextName[]): string => contexts.map((name) => `${name}.`).join(", ");
