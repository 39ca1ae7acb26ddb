import { EvaluationError } from "../errors.ts";
import { textLike, value } from "../parameters.ts";
import { textOf } from "../text-of.ts";
import { int, intOfDouble, isInt, isList, isMap, type StaticType, typeName, type Value } from "../value.ts";
import { converter } from "./function.ts";

/** Asking for a value's type, and turning it into another. */
export const TYPE_CONVERTERS = [
  test("IsString", "Whether it is a text.", (found) => typeof found === "string"),
  test("IsBool", "Whether it is a boolean.", (found) => typeof found === "boolean"),
  test("IsInt", "Whether it is a whole number.", isInt),
  test("IsDouble", "Whether it is a number, and no whole one.", (found, type) => {
    return typeof found === "number" && !isInt(found, type);
  }),
  test("IsMap", "Whether it is a map.", isMap),
  test("IsList", "Whether it is a list.", isList),
  converter({
    name: "String",
    summary: "Its text: bytes in hexadecimal, lists and maps as JSON; nil stays nil.",
    returns: "string",
    parameters: { target: textLike() },
    make: ({ target }) => target,
  }),
  converter({
    name: "Int",
    summary:
      "Its whole number: fractions are cut off, texts read, true is 1; a text that is no whole number gives nil.",
    returns: "int",
    parameters: { target: value() },
    make:
      ({ target: { get, type } }) =>
      (subject) =>
        toInt(get(subject), type),
  }),
  converter({
    name: "Double",
    summary: "Its number as a double: texts are read, true is 1; nil stays nil.",
    returns: "double",
    parameters: { target: value() },
    make:
      ({ target: { get } }) =>
      (subject) =>
        toDouble(get(subject)),
  }),
];

function test(name: string, summary: string, matches: (found: Value, type: StaticType) => boolean) {
  return converter({
    name,
    summary,
    returns: "boolean",
    parameters: { target: value() },
    make:
      ({ target: { get, type } }) =>
      (subject) =>
        matches(get(subject), type),
  });
}

export function toInt(found: Value, type: StaticType): Value {
  switch (typeof found) {
    case "undefined":
      return undefined;
    case "number":
      return isInt(found, type) ? found : intOfDouble(found);
    case "bigint":
      return found;
    case "boolean":
      return found ? 1 : 0;
    case "string": {
      if (!/^[-+]?\d{1,30}$/.test(found)) return undefined;
      const read = BigInt(found.replace("+", ""));
      return BigInt.asIntN(64, read) === read ? int(read) : undefined;
    }
    default:
      throw new EvaluationError(`${typeName(found)} has no whole number`);
  }
}

export function toDouble(found: Value): Value {
  switch (typeof found) {
    case "undefined":
      return undefined;
    case "number":
    case "bigint":
    case "boolean":
      return Number(found);
    case "string":
      return doubleOf(found);
    default:
      throw new EvaluationError(`${typeName(found)} has no number`);
  }
}

const NAMED_DOUBLES: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["inf", Number.POSITIVE_INFINITY],
  ["infinity", Number.POSITIVE_INFINITY],
]);

function doubleOf(found: string): number {
  if (/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(found)) {
    const read = Number(found);
    if (Number.isFinite(read)) return read;
  }
  const named = NAMED_DOUBLES.get(found.toLowerCase().replace(/^[-+]/, ""));
  if (named === undefined) throw new EvaluationError(`${JSON.stringify(textOf(found)?.slice(0, 40))} is no number`);
  return found.startsWith("-") ? -named : named;
}
