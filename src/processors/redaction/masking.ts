import { createHash, createHmac } from "node:crypto";
import { EvaluationError } from "../../kit/ottl/errors.ts";
import type { Pattern } from "../../kit/ottl/pattern.ts";
import { textOf } from "../../kit/ottl/text-of.ts";
import type { AttributeValue } from "../../model/attributes.ts";
import type { Config } from "./config.ts";

/** What stands in the place of a text. */
export type Mask = (text: string) => string;

/** As many as the Collector's processor writes. */
export const asterisks: Mask = () => "****";

/** The configured hash; asterisks where there is none. */
export function maskOf({ hash_function: name, hmac_key: key }: Config): Mask {
  switch (name) {
    case undefined:
      return asterisks;
    case "md5":
    case "sha1":
      return (text) => createHash(name).update(text).digest("hex");
    case "sha3":
      return (text) => createHash("sha3-256").update(text).digest("hex");
    case "hmac-sha256":
    case "hmac-sha512":
      return (text) => createHmac(name.slice("hmac-".length), key!.reveal()).update(text).digest("hex");
    default:
      return name satisfies never;
  }
}

/** A text with what the patterns match masked, one pattern after the other; as a whole where it became too long. */
export function maskedMatches(text: string, patterns: readonly Pattern[], mask: Mask): string {
  try {
    return patterns.reduce((left, pattern) => pattern.replaceAll(left, (match) => mask(match.group("0") ?? "")), text);
  } catch (failure) {
    if (failure instanceof EvaluationError) return mask(text);
    throw failure;
  }
}

/** A value as the patterns see it. */
export function valueText(value: AttributeValue): string {
  try {
    return textOf(value ?? undefined) ?? "";
  } catch (failure) {
    if (failure instanceof EvaluationError) return String(value);
    throw failure;
  }
}
