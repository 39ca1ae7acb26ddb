/** Attribute values of OpenTelemetry's common data model that gostcol carries. Whole numbers may be `bigint` above 2^53. */
export type AttributeValue = string | number | boolean | bigint | Uint8Array | readonly AttributeValue[];

/** Attributes by key. Never changed once made; the order of keys carries no meaning. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

export const NO_ATTRIBUTES: Attributes = Object.freeze({});

/** Text that is equal exactly when two sets of attributes are: keys sorted, every value with its type. */
export function attributesKey(attributes: Attributes): string {
  const keys = Object.keys(attributes);
  if (keys.length === 0) return "";
  if (keys.length > 1) keys.sort();
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
      return value instanceof Uint8Array
        ? `x${Buffer.from(value).toString("hex")}`
        : `[${value.map(valueKey).join(",")}]`;
  }
}
