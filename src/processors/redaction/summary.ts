import type { AttributeValue } from "../../model/attributes.ts";
import type { Config } from "./config.ts";

/** What was done, by the keys that it was done to. */
export interface Findings {
  readonly redacted: string[];
  readonly masked: string[];
  readonly allowed: string[];
  readonly ignored: string[];
}

export const noFindings = (): Findings => ({ redacted: [], masked: [], allowed: [], ignored: [] });

const PREFIXES = ["redaction", "redaction.body"];
const KINDS = ["redacted", "masked", "allowed", "ignored"] as const;

/** What tells of a redaction stays, so that several processors in a row tell of all that they did. */
export const SUMMARY_KEYS: ReadonlySet<string> = new Set(
  PREFIXES.flatMap((prefix) => KINDS.flatMap((kind) => [`${prefix}.${kind}.keys`, `${prefix}.${kind}.count`])),
);

/** Adds to a record what tells of a redaction, with what stands there already; the names are the Collector's. False: there is nothing to tell. */
export function summarize(
  into: Record<string, AttributeValue>,
  findings: Findings,
  { summary }: Config,
  prefix: "redaction" | "redaction.body",
): boolean {
  if (summary === "silent") return false;
  let isTold = false;
  for (const kind of KINDS) {
    const keys = findings[kind];
    if (keys.length === 0) continue;
    isTold = true;
    if (summary === "debug" && kind !== "ignored") {
      const before = into[`${prefix}.${kind}.keys`];
      const all = typeof before === "string" && before !== "" ? [...keys, ...before.split(",")] : keys;
      into[`${prefix}.${kind}.keys`] = all.sort().join(",");
    }
    const count = into[`${prefix}.${kind}.count`];
    into[`${prefix}.${kind}.count`] = keys.length + (typeof count === "number" ? count : 0);
  }
  return isTold;
}
