import type { ConditionNode } from "./ast.ts";
import type { ContextName } from "./contexts/context.ts";
import { OttlError } from "./errors.ts";
import { pathsOf } from "./paths.ts";

/** From what sees everything of its signal to what sees itself alone. */
const PRIORITY: readonly ContextName[] = ["log", "datapoint", "metric", "spanevent", "span", "scope", "resource"];

/**
 * The context that a condition needs, where each of its paths says its own: the one that sees all the others. The
 * Collector does the same with its `*_conditions`.
 */
export function inferContext<Name extends ContextName>(node: ConditionNode, allowed: readonly Name[]): Name {
  const named = pathsOf(node).map(({ fields, offset }) => {
    const written = fields[0]!.name;
    const name = written === "instrumentation_scope" ? "scope" : written;
    const context = allowed.find((candidate) => candidate === name);
    if (context !== undefined && fields.length > 1) return context;
    throw new OttlError(`${written} is no context here`, {
      offset,
      expected: `paths that begin with ${starts(allowed)}`,
    });
  });
  const [first] = named.toSorted((left, right) => PRIORITY.indexOf(left) - PRIORITY.indexOf(right));
  if (first !== undefined) return first;
  throw new OttlError("nothing says what this is asked about", {
    offset: 0,
    expected: `a path that begins with ${starts(allowed)}`,
  });
}

const starts = (contexts: readonly ContextName[]): string => contexts.map((name) => `${name}.`).join(", ");
