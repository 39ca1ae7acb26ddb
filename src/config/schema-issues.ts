import type * as z from "zod";
import { nearest } from "../lib/nearest.ts";
import { error, type Finding, finding } from "./finding.ts";
import { type OptionLookup, optionNames } from "./option-schema.ts";
import type { IsSecret } from "./secrets.ts";
import { type ConfigNode, type ConfigPath, isBrokenAt, isNull, keyRangeAt, nodeAt, pathText, rangeAt } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/** For `safeParse`: zod would compile a faster parser for each schema, which pays from some hundred parses on. */
export const PARSED_ONCE = { jitless: true } as const;

export interface IssueContext {
  readonly root: ConfigNode;
  /** Where the value that the schema parsed is in the configuration. */
  readonly base: ConfigPath;
  readonly lookup: OptionLookup;
  readonly isSecret: IsSecret;
}

/** Says what a schema found wrong in the configuration's own words, each thing at its place. */
export function findingsOfIssues(issues: readonly Issue[], context: IssueContext): readonly Finding[] {
  const { root, base } = context;
  const misspelt = new Set<string>();
  const findings = issues
    .filter((issue) => !isBrokenAt(root, pathOf(base, issue)))
    .flatMap((issue) => findingsOfIssue(issue, context, misspelt));
  // An option that is missing because its name was misspelt is one mistake, not two.
  return findings
    .filter(({ code, path }) => code !== "missing_option" || !misspelt.has(pathText(path)))
    .map(({ path: _, ...found }) => found);
}

type FindingAt = Finding & { readonly path: ConfigPath };

function findingsOfIssue(issue: Issue, context: IssueContext, misspelt: Set<string>): readonly FindingAt[] {
  const { root, base } = context;
  const path = pathOf(base, issue);
  const at = (found: Finding): FindingAt => ({ ...found, path });
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => at(unknownOption(path, key, context, misspelt)));
    case "invalid_union":
      return unionFindings(issue, context, misspelt);
    case "invalid_key":
      return [at(error("bad_key", keyRangeAt(root, path), `${pathText(path)}: this cannot be a name here`))];
    case "invalid_element":
      return issue.issues.flatMap((inner) =>
        findingsOfIssue({ ...inner, path: [...issue.path, ...inner.path] }, context, misspelt),
      );
    default:
      return [at(valueFinding(issue, path, context))];
  }
}

const pathOf = (base: ConfigPath, issue: Issue): ConfigPath => [
  ...base,
  ...issue.path.map((step) => (typeof step === "number" ? step : String(step))),
];

function unknownOption(
  section: ConfigPath,
  key: string,
  { root, lookup }: IssueContext,
  misspelt: Set<string>,
): Finding {
  const range = keyRangeAt(root, [...section, key]);
  const known = optionNames(lookup(section));
  const suggestion = nearest(key, known);
  if (suggestion !== undefined) misspelt.add(pathText([...section, suggestion]));
  const expected = known.length > 0 && suggestion === undefined ? oneOf(known) : undefined;
  return error("unknown_option", range, `${pathText(section)} has no option "${key}"`, { suggestion, expected });
}

type LeafIssue = Exclude<Issue, { code: "unrecognized_keys" | "invalid_union" | "invalid_key" | "invalid_element" }>;

function valueFinding(issue: LeafIssue, path: ConfigPath, { root, isSecret }: IssueContext): Finding {
  const node = nodeAt(root, path);
  const name = pathText(path);
  if (node === undefined || isNull(node)) {
    const expected = "expected" in issue ? typeName(issue.expected) : undefined;
    return error("missing_option", keyRangeAt(root, path), `${name} is missing`, { expected });
  }
  const range = rangeAt(root, path);
  const found = foundText(node, isSecret(path));
  switch (issue.code) {
    case "invalid_type":
      return error("wrong_type", range, `${name} is ${found}`, { expected: typeName(issue.expected, node) });
    case "invalid_value": {
      const values = issue.values.map(String);
      const suggestion = node.kind === "scalar" ? nearest(String(node.value), values) : undefined;
      return error("invalid_value", range, `${name} is ${found}`, { expected: oneOf(values), suggestion });
    }
    case "too_small":
    case "too_big":
      return error("out_of_range", range, `${name} is ${sizeText(issue, node, found)}`, { expected: limitText(issue) });
    case "not_multiple_of":
      return error("out_of_range", range, `${name} is ${found}`, { expected: `a multiple of ${issue.divisor}` });
    case "invalid_format":
      return error("bad_format", range, `${name} is ${found}`, {
        expected: issue.pattern ? `a text that matches ${issue.pattern}` : `a text in the format ${issue.format}`,
      });
    case "custom": {
      const { code, expected, nearest: suggestion } = (issue.params ?? {}) as Readonly<Record<string, unknown>>;
      return finding(
        "error",
        typeof code === "string" ? code : "invalid_value",
        range,
        `${name} is ${found}: ${issue.message}`,
        {
          expected: typeof expected === "string" ? expected : undefined,
          suggestion: typeof suggestion === "string" ? suggestion : undefined,
        },
      );
    }
    default:
      return issue satisfies never;
  }
}

/** Of a value with several possible shapes: what is wrong with the shape that was most likely meant. */
function unionFindings(
  issue: Extract<Issue, { code: "invalid_union" }>,
  context: IssueContext,
  misspelt: Set<string>,
): readonly FindingAt[] {
  const { root, base, isSecret } = context;
  const path = pathOf(base, issue);
  const node = nodeAt(root, path);
  const options = "options" in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  if (node === undefined || isNull(node)) {
    const expected = options.length > 0 ? oneOf(options) : undefined;
    return [{ ...error("missing_option", keyRangeAt(root, path), `${pathText(path)} is missing`, { expected }), path }];
  }
  const entered = issue.errors.filter((branch) => !branch.some(isAtTop));
  const [meant] = entered.toSorted((left, right) => left.length - right.length);
  if (meant) {
    return meant.flatMap((inner) =>
      findingsOfIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue, context, misspelt),
    );
  }
  const tops = issue.errors.flat().filter(isAtTop);
  const literals = tops.flatMap((top) => (top.code === "invalid_value" ? top.values.map(String) : []));
  const types = tops.flatMap((top) => (top.code === "invalid_type" ? [typeName(top.expected)] : []));
  const suggestion = node.kind === "scalar" ? nearest(String(node.value), [...literals, ...options]) : undefined;
  const expected = [...new Set([...literals, ...options, ...types])].join(" or ");
  const code = types.length > 0 ? "wrong_type" : "invalid_value";
  const message = `${pathText(path)} is ${foundText(node, isSecret(path))}`;
  return [{ ...error(code, rangeAt(root, path), message, { suggestion, expected: expected || undefined }), path }];
}

const isAtTop = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");

const FOUND_LENGTH_MAX = 60;

/** `the text "abc"`, `the number 5`, `a list`. */
export function foundText(node: ConfigNode, secret: boolean): string {
  if (node.kind !== "scalar") return node.kind === "map" ? "a section" : "a list";
  const { value } = node;
  if (value === null) return "empty";
  const type = typeof value === "string" ? "text" : typeof value;
  if (secret) return `a ${type}`;
  if (typeof value === "boolean") return String(value);
  const text = String(value);
  const shown = text.length > FOUND_LENGTH_MAX ? `${text.slice(0, FOUND_LENGTH_MAX)}...` : text;
  return `the ${type} ${typeof value === "string" ? JSON.stringify(shown) : shown}`;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a section with options",
  record: "a section with names and values",
  array: "a list",
  tuple: "a list",
};

function typeName(type: string, found?: ConfigNode): string {
  const name = TYPE_NAMES[type] ?? type;
  const needsQuotes = type === "string" && found?.kind === "scalar";
  return needsQuotes ? `${name}: write it in quotes` : name;
}

type Limit = Extract<Issue, { code: "too_small" | "too_big" }>;

function limitText(issue: Limit): string {
  const [bound, amount] =
    issue.code === "too_small"
      ? [issue.inclusive === false ? "more than" : "at least", issue.minimum]
      : [issue.inclusive === false ? "less than" : "at most", issue.maximum];
  return `${bound} ${amount}${UNIT_OF_ORIGIN[issue.origin] ?? ""}`;
}

const UNIT_OF_ORIGIN: Readonly<Record<string, string>> = { string: " characters", array: " entries", set: " entries" };

function sizeText(issue: Limit, node: ConfigNode, found: string): string {
  if (issue.origin === "array" && node.kind === "list") return `a list of ${node.items.length}`;
  if (issue.origin === "string" && node.kind === "scalar") return `${String(node.value).length} characters long`;
  return found;
}

const NAMES_SHOWN_MAX = 24;

export function oneOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(", ");
  const rest = names.length - NAMES_SHOWN_MAX;
  return `${names.length > 1 ? "one of " : ""}${shown}${rest > 0 ? ` and ${rest} more` : ""}`;
}
