/**
 * The values of OpenTelemetry's common data model. Whole numbers may be `bigint` above 2^53; `null` is a value that is
 * empty. A whole number does not tell whether it was sent as an integer or as a double: it is passed on as an integer.
 */
export type AttributeValue =
  | string
  | number
  | boolean
  | bigint
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue };

/** Attributes by key. Never changed once made; the order of keys carries no meaning. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Text that is equal exactly when two sets of attributes are: keys sorted, every value with its type. */
export function attributesKey(attributes: Attributes): string {
  const keys = Object.keys(attributes);
  if (keys.length === 0) return "";
  if (keys.length > 1) keys.sort();
  return keyOfTexts(keys, attributes) ?? keyOfValues(keys, attributes);
}

/** Nearly always, and several times as fast: texts alone are one piece of JSON. */
function keyOfTexts(keys: readonly string[], attributes: Attributes): string | undefined {
  const texts: string[] = [];
  for (const key of keys) {
    const value = attributes[key]!;
    if (typeof value !== "string") return undefined;
    texts.push(key, value);
  }
  return JSON.stringify(texts);
}

function keyOfValues(keys: readonly string[], attributes: Attributes): string {
  let text = "";
  for (const key of keys) text += `${JSON.stringify(key)}:${valueKey(attributes[key]!)},`;
  return text;
}

function valueKey(value: AttributeValue): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "boolean":
      return value ? "t" : "f";
    case "bigint":
      return `${value}n`;
    default:
      if (value === null) return "_";
      if (value instanceof Uint8Array) return `x${Buffer.from(value).toString("hex")}`;
      return isList(value) ? `[${value.map(valueKey).join(",")}]` : `{${attributesKey(value)}}`;
  }
}

/** `Array.isArray` for values: it does not narrow readonly arrays. */
export function isList(value: AttributeValue): value is readonly AttributeValue[] {
  return Array.isArray(value);
}
