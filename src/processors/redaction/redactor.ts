import { type Attributes, type AttributeValue, isList } from "../../model/attributes.ts";
import type { Config } from "./config.ts";
import { asterisks, type Mask, maskedMatches, maskOf, valueText } from "./masking.ts";
import { type Findings, noFindings, SUMMARY_KEYS, summarize } from "./summary.ts";

/** Attributes as they may be seen. */
export interface Redacted {
  /** The same object where nothing changes. */
  readonly attributes: Attributes;
  /** Whether other attributes may become the same ones. */
  readonly mayMeet: boolean;
}

/** A value as it may be seen; undefined: not at all. */
interface Verdict {
  readonly value: AttributeValue | undefined;
  readonly finding?: keyof Findings;
  readonly mayMeet?: boolean;
}

/** Decides what of attributes and of bodies may be seen. */
export class Redactor {
  readonly #config: Config;
  readonly #mask: Mask;
  readonly #actions: ReadonlyMap<string, "hash" | "mask" | "drop">;
  readonly #allowed: ReadonlySet<string>;
  readonly #ignored: ReadonlySet<string>;

  constructor(config: Config) {
    this.#config = config;
    this.#mask = maskOf(config);
    this.#actions = new Map(config.attributes.map(({ key, action }) => [key, action]));
    this.#allowed = new Set([...config.allowed_keys, ...SUMMARY_KEYS]);
    this.#ignored = new Set(config.ignored_keys);
  }

  attributes(attributes: Attributes): Redacted {
    const findings = noFindings();
    let isChanged = false;
    let mayMeet = false;
    const entries: [string, AttributeValue][] = [];
    for (const [key, value] of Object.entries(attributes)) {
      const verdict = this.#ofKey(key, value) ?? this.#ofValue(value);
      if (verdict.finding !== undefined) findings[verdict.finding].push(key);
      if (verdict.mayMeet === true) mayMeet = true;
      if (verdict.value !== value) isChanged = true;
      if (verdict.value !== undefined) entries.push([key, verdict.value]);
    }
    const left: Record<string, AttributeValue> = Object.fromEntries(entries);
    const isTold = summarize(left, findings, this.#config, "redaction");
    return { attributes: isChanged || isTold ? left : attributes, mayMeet };
  }

  /** The body of a log record, and its attributes with what tells of that. */
  body(
    body: AttributeValue,
    attributes: Attributes,
  ): { readonly body: AttributeValue; readonly attributes: Attributes } {
    const findings = noFindings();
    const left = this.#inBody(body, "", findings);
    const told = { ...attributes };
    summarize(told, findings, this.#config, "redaction.body");
    return { body: left, attributes: told };
  }

  /** What the key alone decides. */
  #ofKey(key: string, value: AttributeValue): Verdict | undefined {
    const { ignored_key_patterns: ignored, blocked_key_patterns: blocked, allow_all_keys: allowsAll } = this.#config;
    const action = this.#actions.get(key);
    if (action === "drop") return { value: undefined, finding: "redacted", mayMeet: true };
    if (action !== undefined) return this.#whole(value, action === "hash" ? this.#mask : asterisks);
    if (SUMMARY_KEYS.has(key)) return { value };
    if (this.#ignored.has(key) || ignored.some((pattern) => pattern.test(key))) return { value, finding: "ignored" };
    if (!allowsAll && !this.#allowed.has(key)) return { value: undefined, finding: "redacted", mayMeet: true };
    if (!blocked.some((pattern) => pattern.test(key))) return undefined;
    return this.#allows(value) ? { value, finding: "allowed" } : this.#whole(value, this.#mask);
  }

  #ofValue(value: AttributeValue): Verdict {
    if (typeof value !== "string" && !this.#config.redact_all_types) return { value };
    if (this.#allows(value)) return { value, finding: "allowed" };
    const text = valueText(value);
    const masked = maskedMatches(text, this.#config.blocked_values, this.#mask);
    if (masked === text) return { value };
    return { value: masked, finding: "masked", mayMeet: this.#mask === asterisks || typeof value !== "string" };
  }

  /** A hash tells apart what is different, but for a text and another value that reads the same. */
  #whole(value: AttributeValue, mask: Mask): Verdict {
    const mayMeet = mask === asterisks || typeof value !== "string";
    return { value: mask(valueText(value)), finding: "masked", mayMeet };
  }

  #allows(value: AttributeValue): boolean {
    const { allowed_values: allowed, redact_all_types: looksAtAll } = this.#config;
    if (allowed.length === 0 || (typeof value !== "string" && !looksAtAll)) return false;
    const text = valueText(value);
    return allowed.some((pattern) => pattern.test(text));
  }

  #inBody(value: AttributeValue, path: string, findings: Findings): AttributeValue {
    if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
      if (isList(value)) return value.map((item, index) => this.#inBody(item, `${path}[${index}]`, findings));
      return this.#mapInBody(value, path, findings);
    }
    if (value === null) return value;
    const text = valueText(value);
    if (this.#config.allowed_values.some((pattern) => pattern.test(text))) {
      findings.allowed.push(path || "body");
      return value;
    }
    const masked = maskedMatches(text, this.#config.blocked_values, this.#mask);
    if (masked === text) return value;
    findings.masked.push(path || "body");
    return masked;
  }

  #mapInBody(map: Attributes, path: string, findings: Findings): AttributeValue {
    const entries: [string, AttributeValue][] = [];
    for (const [key, value] of Object.entries(map)) {
      const place = path === "" ? key : `${path}.${key}`;
      const verdict = this.#ofKey(key, value);
      if (verdict?.finding !== undefined) findings[verdict.finding].push(place);
      const left = verdict === undefined ? this.#inBody(value, place, findings) : verdict.value;
      if (left !== undefined) entries.push([key, left]);
    }
    return Object.fromEntries(entries);
  }
}
