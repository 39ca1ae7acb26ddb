import type { ComparisonNode, ConditionNode, JunctionNode, ValueNode } from "./ast.ts";
import { compare } from "./compare.ts";
import type { ValueCompiler } from "./compile-value.ts";
import { type Compiled, REACHES, type Reach, widest } from "./compiled.ts";
import { EvaluationError, OttlError } from "./errors.ts";
import { typeName } from "./value.ts";

export interface CompiledCondition {
  readonly reach: Reach;
  readonly test: (subject: unknown) => boolean;
  /** The answer as far as the series alone decides it: undefined where the point itself has to be asked. */
  readonly settle: (subject: unknown) => boolean | undefined;
  /** The answer, where it stands in the text itself. */
  readonly fixed?: boolean;
}

export function compileCondition(node: ConditionNode, values: ValueCompiler): CompiledCondition {
  switch (node.kind) {
    case "boolean":
      return fixed(node.value);
    case "comparison":
      return comparison(node, values);
    case "call":
      return converted(node, values.value(node));
    case "not": {
      const { fixed: answer, reach, test, settle } = compileCondition(node.operand, values);
      if (answer !== undefined) return fixed(!answer);
      const negated = (answer: boolean | undefined) => (answer === undefined ? undefined : !answer);
      return { reach, test: (subject) => !test(subject), settle: (subject) => negated(settle(subject)) };
    }
    case "and":
    case "or":
      return junction(node, values);
    default:
      return node satisfies never;
  }
}

const fixed = (answer: boolean): CompiledCondition => ({
  reach: "constant",
  test: () => answer,
  settle: () => answer,
  fixed: answer,
});

/** A condition that is one with its settled answer, or has none. */
function settled(reach: Reach, test: (subject: unknown) => boolean): CompiledCondition {
  const known = REACHES.indexOf(reach) <= REACHES.indexOf("series");
  return { reach, test, settle: known ? test : () => undefined };
}

function comparison({ operator, left, right }: ComparisonNode, values: ValueCompiler): CompiledCondition {
  const [first, second] = [values.value(left), values.value(right)];
  if (isLiteral(left) && isLiteral(right)) return fixed(compare(operator, first.get(undefined), second.get(undefined)));
  const reach = widest(first.reach, second.reach);
  const { get } = first;
  const other = second.get;
  if (second.reach === "constant" && (operator === "==" || operator === "!=") && isSimple(right.kind)) {
    const expected = other(undefined);
    const wanted = operator === "==";
    return settled(reach, (subject) => (get(subject) === expected) === wanted);
  }
  return settled(reach, (subject) => compare(operator, get(subject), other(subject)));
}

/** What stands in the text as it is; calls and calculations do not, though their values may be constant. */
function isLiteral(node: ValueNode): boolean {
  switch (node.kind) {
    case "path":
    case "call":
    case "arithmetic":
    case "negation":
      return false;
    case "list":
      return node.items.every(isLiteral);
    case "map":
      return node.entries.every(({ value }) => isLiteral(value));
    default:
      return true;
  }
}

/** Literals that are equal to a value exactly when they are the same value. */
const isSimple = (kind: string): boolean => kind === "string" || kind === "nil" || kind === "boolean";

function converted(node: Extract<ConditionNode, { kind: "call" }>, { get, reach, type }: Compiled): CompiledCondition {
  if (type !== "boolean" && type !== "any") {
    throw new OttlError(`${node.name} answers no question`, { offset: node.offset, expected: "a comparison" });
  }
  return settled(reach, (subject) => {
    const answer = get(subject);
    if (typeof answer === "boolean") return answer;
    throw new EvaluationError(`${typeName(answer)} is no answer`);
  });
}

/**
 * From left to right, and no further than needed: what comes later is not asked, so it cannot fail either. A part whose
 * answer is fixed decides, or does not count, wherever it stands; that is how the Collector does it.
 */
function junction({ kind, operands }: JunctionNode, values: ValueCompiler): CompiledCondition {
  const decisive = kind === "or";
  const all = operands.map((operand) => compileCondition(operand, values));
  if (all.some((part) => part.fixed === decisive)) return fixed(decisive);
  const parts = all.filter((part) => part.fixed === undefined);
  const [first, second] = parts;
  if (first === undefined) return fixed(!decisive);
  if (second === undefined) return first;
  const test =
    parts.length > 2
      ? (subject: unknown) => parts.some((part) => part.test(subject) === decisive) === decisive
      : decisive
        ? (subject: unknown) => first.test(subject) || second.test(subject)
        : (subject: unknown) => first.test(subject) && second.test(subject);
  const settle = (subject: unknown) => {
    for (const part of parts) {
      const answer = part.settle(subject);
      if (answer !== !decisive) return answer;
    }
    return !decisive;
  };
  return { reach: widest(...parts.map(({ reach }) => reach)), test, settle };
}
