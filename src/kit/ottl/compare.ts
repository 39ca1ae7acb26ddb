import type { ComparisonOperator } from "./ast.ts";
import { isList, isMap, type Value, type ValueMap } from "./value.ts";

/**
 * OTTL's comparison: numbers by value, texts and bytes by their bytes, false before true, nil equal to nil alone. Of
 * unlike types `!=` holds and nothing else does; so it is with lists and maps, which are equal or not.
 */
export function compare(operator: ComparisonOperator, left: Value, right: Value): boolean {
  if (operator === "==") return equal(left, right);
  if (operator === "!=") return !equal(left, right);
  if (left === undefined && right === undefined) return operator !== "<" && operator !== ">";
  const order = orderOf(left, right);
  if (order === undefined) return false;
  switch (operator) {
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return operator satisfies never;
  }
}

function equal(left: Value, right: Value): boolean {
  if (left === right || (isNil(left) && isNil(right))) return true;
  if (isNil(left) || isNil(right)) return false;
  if (typeof left !== typeof right) return isNumber(left) && isNumber(right) && Number(left) === Number(right);
  if (typeof left !== "object" || typeof right !== "object") return false;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return left instanceof Uint8Array && right instanceof Uint8Array && Buffer.compare(left, right) === 0;
  }
  if (isList(left)) {
    return isList(right) && left.length === right.length && left.every((item, index) => equal(item, right[index]));
  }
  return isMap(left) && isMap(right) && equalMaps(left, right);
}

function equalMaps(left: ValueMap, right: ValueMap): boolean {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]))
  );
}

const isNil = (value: Value): value is undefined | null => value === undefined || value === null;

const isNumber = (value: Value): value is number | bigint => typeof value === "number" || typeof value === "bigint";

/** Below, at or above zero; undefined where there is no order (NaN has none). */
function orderOf(left: Value, right: Value): number | undefined {
  if (isNumber(left) && isNumber(right)) {
    if (typeof left === "bigint" && typeof right === "bigint") return left < right ? -1 : left > right ? 1 : 0;
    const difference = Number(left) - Number(right);
    if (!Number.isNaN(difference)) return difference;
    return left === right ? 0 : undefined; // Two infinities, or NaN.
  }
  if (typeof left === "string" && typeof right === "string") return orderOfTexts(left, right);
  if (typeof left === "boolean" && typeof right === "boolean") return Number(left) - Number(right);
  if (left instanceof Uint8Array && right instanceof Uint8Array) return Buffer.compare(left, right);
  return undefined;
}

/** By code points, which is the order of their UTF-8 bytes; JavaScript's own is that of UTF-16. */
function orderOfTexts(left: string, right: string): number {
  if (left === right) return 0;
  const end = Math.min(left.length, right.length);
  let at = 0;
  while (at < end && left.charCodeAt(at) === right.charCodeAt(at)) at++;
  if (at === end) return left.length - right.length;
  return rank(left.charCodeAt(at)) - rank(right.charCodeAt(at));
}

/** Halves of a surrogate pair stand for code points above all others. */
const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit);
