import type { Attributes, AttributeValue } from "../../../model/attributes.ts";
import { EvaluationError } from "../errors.ts";
import { isInt, isList, isMap, typeName, type Value } from "../value.ts";

/** Turns what an expression gave into what a field of the model holds, or says why it cannot. */
export function text(value: Value): string {
  if (typeof value === "string") return value;
  throw wrong(value, "a text");
}

export function boolean(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw wrong(value, "a boolean");
}

export function wholeNumber(value: Value): number | bigint {
  if (isInt(value, "any")) return value;
  throw wrong(value, "a whole number");
}

export function anyNumber(value: Value): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value);
  throw wrong(value, "a number");
}

/** Nanoseconds since the epoch; OTLP's are unsigned. */
export function nanoseconds(value: Value): bigint {
  return BigInt.asUintN(64, BigInt(wholeNumber(value)));
}

/** One of the names that numbers stand for, for example a span's kind. */
export function named<Name extends string>(value: Value, names: Readonly<Record<Name, number>>): Name {
  const number = wholeNumber(value);
  for (const name of Object.keys(names) as Name[]) if (names[name] === number) return name;
  throw new EvaluationError(`${number} is none of ${Object.values(names).join(", ")}`);
}

export function attributes(value: Value): Attributes {
  if (!isMap(value)) throw wrong(value, "a map");
  return attributeValue(value) as Attributes;
}

/** The same value, with the model's `null` wherever there is nil within it. */
export function attributeValue(value: Value): AttributeValue {
  if (value === undefined) return null;
  if (isList(value)) return value.some(needsChange) ? value.map(attributeValue) : (value as AttributeValue);
  if (!isMap(value) || !Object.values(value).some(needsChange)) return value as AttributeValue;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, attributeValue(entry)]));
}

const needsChange = (value: Value): boolean =>
  value === undefined || (isList(value) ? value : isMap(value) ? Object.values(value) : []).some(needsChange);

const wrong = (value: Value, expected: string): EvaluationError =>
  new EvaluationError(`${typeName(value)} stands where ${expected} belongs`);
