import { EvaluationError } from "./errors.ts";
import { limitedText } from "./limits.ts";
import { isMap, type Value } from "./value.ts";

/** A value as `String`, `Concat` and `IsMatch` see it: bytes in hexadecimal, lists and maps as JSON; nil has no text. */
export function textOf(value: Value): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  if (value instanceof Uint8Array) return limitedText(Buffer.from(value).toString("hex"));
  return typeof value === "object" ? limitedText(jsonOf(value)) : String(value);
}

/** A value as `log.body.string` gives it: bytes in base64, nil as the empty text. */
export function bodyText(value: Value): string {
  if (value instanceof Uint8Array) return limitedText(Buffer.from(value).toString("base64"));
  return textOf(value) ?? "";
}

/** As JSON writes numbers, but with two digits of exponent at least: 1e+21, 1.5e-07. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new EvaluationError(`${value} has no text`);
  return Object.is(value, -0) ? "-0" : String(value).replace(/e([-+])(\d)$/, "e$10$2");
}

/** JSON as Go writes it: keys in order, bytes in base64, and no characters that mean something to HTML. */
function jsonOf(value: Value): string {
  if (value === undefined || value === null) return "null";
  if (typeof value === "bigint") return String(value);
  if (typeof value === "number") return numberText(value);
  if (value instanceof Uint8Array) return `"${Buffer.from(value).toString("base64")}"`;
  if (typeof value !== "object") return jsonText(value);
  if (!isMap(value)) return `[${value.map(jsonOf).join(",")}]`;
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${jsonText(key)}:${jsonOf(value[key])}`);
  return `{${entries.join(",")}}`;
}

const jsonText = (value: string | boolean): string =>
  JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
