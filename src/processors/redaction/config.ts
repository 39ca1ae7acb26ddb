import * as z from "zod";
import type { ConfigProblem } from "../../component/define.ts";
import { secret } from "../../kit/fields.ts";
import { pattern } from "../../kit/ottl/fields.ts";

const keys = () => z.array(z.string().min(1)).default([]);
const patterns = () => z.array(pattern()).default([]);

const HASH_FUNCTIONS = ["md5", "sha1", "sha3", "hmac-sha256", "hmac-sha512"] as const;

const attributeAction = z.strictObject({
  key: z.string().min(1).describe("The attribute's key."),
  action: z
    .enum(["hash", "mask", "drop"])
    .describe("Whether its value becomes a hash (by `hash_function`) or asterisks, or it is taken away."),
});

export const configSchema = z.strictObject({
  attributes: z
    .array(attributeAction)
    .default([])
    .describe("What is done to attributes by their keys, whatever the other options say; these keys are allowed."),
  allow_all_keys: z.boolean().default(false).describe("Whether keys that are not in `allowed_keys` stay as well."),
  allowed_keys: keys().describe("The keys that stay; an attribute with any other is taken away."),
  ignored_keys: keys().describe("Keys whose values are not looked at, and stay."),
  ignored_key_patterns: patterns().describe("Patterns of such keys."),
  blocked_key_patterns: patterns().describe("Patterns of keys whose values are masked as a whole."),
  blocked_values: patterns().describe("Patterns of what is masked within values."),
  allowed_values: patterns().describe("Patterns of values that stay, whatever else matches them or their keys."),
  redact_all_types: z
    .boolean()
    .default(false)
    .describe("Whether `blocked_values` and `allowed_values` look at values that are not texts, too."),
  hash_function: z
    .enum(HASH_FUNCTIONS)
    .optional()
    .describe("Puts a hash, in hexadecimal, where there would be asterisks; `sha3` is SHA3-256."),
  hmac_key: secret().optional().describe("The key of `hmac-sha256` and `hmac-sha512`."),
  summary: z
    .enum(["silent", "info", "debug"])
    .default("silent")
    .describe("Whether attributes tell how many were redacted (info), and of which keys (debug)."),
  max_series: z
    .int()
    .min(0)
    .default(1_000_000)
    .describe("How many cumulative series are added up that may become one; points of further ones are dropped."),
});

export type Config = z.output<typeof configSchema>;

export function checkConfig({ attributes, hash_function: hash, hmac_key: key }: Config): readonly ConfigProblem[] {
  const problem = (path: ConfigProblem["path"], code: string, message: string, expected: string): ConfigProblem => ({
    severity: "error",
    path,
    code,
    message,
    expected,
  });
  const isKeyed = hash?.startsWith("hmac-") === true;
  const problems: ConfigProblem[] = [];
  if (isKeyed && (key === undefined || key.reveal() === "")) {
    problems.push(problem(["hmac_key"], "missing_option", `${hash} needs a key`, "a secret text"));
  }
  if (!isKeyed && key !== undefined) {
    problems.push(
      problem(["hmac_key"], "exclusive_options", "no key is used", "hash_function hmac-sha256 or hmac-sha512"),
    );
  }
  const hashed = attributes.findIndex(({ action }) => action === "hash");
  if (hash === undefined && hashed >= 0) {
    problems.push(
      problem(
        ["attributes", hashed, "action"],
        "missing_option",
        "hash needs a hash_function",
        HASH_FUNCTIONS.join(", "),
      ),
    );
  }
  const known = new Set<string>();
  for (const [index, { key: name }] of attributes.entries()) {
    if (known.has(name)) {
      problems.push(problem(["attributes", index, "key"], "exclusive_options", `${name} is there twice`, "one action"));
    }
    known.add(name);
  }
  return problems;
}
