import type { ArithmeticOperator } from "./ast.ts";
import { EvaluationError } from "./errors.ts";
import { int, isInt, type StaticType, typeName, type Value } from "./value.ts";

/** What is known of a calculation's result. */
export function typeOfArithmetic(left: StaticType, right: StaticType): StaticType {
  if (left === "double" || right === "double") return "double";
  return left === "int" && right === "int" ? "int" : "any";
}

/**
 * Whole numbers give whole numbers of 64 bits that wrap, division truncates; with a double on either side all is double.
 * Division by zero is an error for both, as is anything that is no number.
 */
export function calculate(
  operator: ArithmeticOperator,
  left: Value,
  right: Value,
  types: { readonly left: StaticType; readonly right: StaticType },
): number | bigint {
  const [first, second] = [numberOf(left), numberOf(right)];
  if (operator === "/" && Number(second) === 0) throw new EvaluationError("division by zero");
  if (!isInt(first, types.left) || !isInt(second, types.right)) {
    return calculateDoubles(operator, Number(first), Number(second));
  }
  if (typeof first === "number" && typeof second === "number") {
    // `a - a % b` is a multiple of b, so this division is exact. Adding 0 makes 0 of -0.
    const exact = operator === "/" ? (first - (first % second)) / second : calculateDoubles(operator, first, second);
    if (Number.isSafeInteger(exact)) return exact + 0;
  }
  return int(calculateInts(operator, BigInt(first), BigInt(second)));
}

export function negate(value: Value, type: StaticType): number | bigint {
  const number = numberOf(value);
  if (typeof number === "bigint") return int(-number);
  return isInt(number, type) ? 0 - number : -number;
}

function numberOf(value: Value): number | bigint {
  if (typeof value === "number" || typeof value === "bigint") return value;
  throw new EvaluationError(`${typeName(value)} is nothing to calculate with`);
}

function calculateDoubles(operator: ArithmeticOperator, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    default:
      return operator satisfies never;
  }
}

function calculateInts(operator: ArithmeticOperator, left: bigint, right: bigint): bigint {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    default:
      return operator satisfies never;
  }
}
