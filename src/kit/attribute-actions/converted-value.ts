import type { AttributeValue } from "../../model/attributes.ts";
import { EvaluationError } from "../ottl/errors.ts";
import { toDouble, toInt } from "../ottl/functions/types.ts";
import { textOf } from "../ottl/text-of.ts";

/** The value as one of another type, by the rules of OTTL's converters; undefined where it cannot be one. */
export function convertedValue(value: AttributeValue, type: "int" | "double" | "string"): AttributeValue | undefined {
  try {
    const found = value ?? undefined;
    const converted = type === "string" ? textOf(found) : type === "int" ? toInt(found, "any") : toDouble(found);
    return converted as AttributeValue | undefined;
  } catch (failure) {
    if (failure instanceof EvaluationError) return undefined;
    throw failure;
  }
}
