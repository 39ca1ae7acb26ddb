import { REDACTED } from "../component/secret.ts";
import { nearest } from "../lib/nearest.ts";
import { type Finding, warning } from "./finding.ts";
import type { JsonSchema } from "./json-schema.ts";
import { alternatives, holdsSecret, type OptionLookup, optionNames } from "./option-schema.ts";
import { type Range, textOf } from "./source.ts";
import {
  type BrokenNode,
  type ConfigNode,
  type ConfigPath,
  isNull,
  pathText,
  plainValue,
  type ScalarNode,
} from "./tree.ts";

/**
 * Finds the values that must not be shown: those of options that are marked as secret, what stands in the wrong shape
 * where a section with secrets belongs, and options that do not exist but are named like a secret.
 */
export type IsSecret = (path: ConfigPath) => boolean;

const SOUNDS_SECRET =
  /pass(word|phrase|wd)?|secret|token|credential|api_?key|private_?key|key_pem|authorization|bearer/i;

export function secretFinder(lookup: OptionLookup): IsSecret {
  return function isSecret(path): boolean {
    const schema = lookup(path);
    if (schema) return holdsSecret(schema);
    const name = path.at(-1);
    if (name === undefined) return false;
    if (typeof name === "string" && SOUNDS_SECRET.test(name)) return true;
    const parent = path.slice(0, -1);
    const around = lookup(parent);
    if (around === undefined || isMarkedSecret(around)) return isSecret(parent);
    const meant = typeof name === "string" ? nearest(name, optionNames(around)) : undefined;
    return meant !== undefined && isSecret([...parent, meant]);
  };
}

const isMarkedSecret = (schema: JsonSchema) =>
  schema.secret === true || alternatives(schema).some((branch) => branch.secret === true);

/** Where the texts of these trees hold secrets; references such as `${env:TOKEN}` may be shown. */
export function secretRanges(trees: readonly ConfigNode[], isSecret: IsSecret): readonly Range[] {
  return trees
    .flatMap((tree) => [...secretValues(tree, isSecret)])
    .filter(({ node }) => !isBareReference(node))
    .map(({ node }) => node.range);
}

/** A secret that stands in the configuration itself: it is in every copy, backup and version of the file. */
export function plainSecrets(root: ConfigNode, lookup: OptionLookup): readonly Finding[] {
  const isMarked: IsSecret = (path) => {
    const schema = lookup(path);
    return schema !== undefined && isMarkedSecret(schema);
  };
  return [...secretScalars(root, isMarked)]
    .filter(
      ({ node: { range, substituted, value } }) => !substituted && range.source.origin !== "value" && value !== "",
    )
    .map(({ node, path }) =>
      warning("plain_secret", node.range, `${pathText(path)} is a secret in plain text`, {
        expected: `\${env:NAME} or \${file:/path}`,
      }),
    );
}

/** The plain value of the tree, with secrets covered: what may be printed. */
export function redactedValue(root: ConfigNode, isSecret: IsSecret): unknown {
  // By place: an alias may show the same secret where none is expected.
  const secrets = [...secretScalars(root, isSecret)].map(({ node }) => node.range);
  const isCovered = ({ range }: ConfigNode) =>
    secrets.some(({ source, start, end }) => range.source === source && range.start === start && range.end === end);
  const cover = (node: ConfigNode): unknown => {
    if (node.kind === "map") {
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, cover(value)]));
    }
    if (node.kind === "list") return node.items.map(cover);
    return isCovered(node) && !isNull(node) ? REDACTED : (plainValue(node) ?? null);
  };
  return cover(root);
}

interface SecretValue<Node> {
  readonly node: Node;
  readonly path: ConfigPath;
}

function* secretScalars(root: ConfigNode, isSecret: IsSecret): Generator<SecretValue<ScalarNode>> {
  for (const { node, path } of secretValues(root, isSecret)) if (node.kind === "scalar") yield { node, path };
}

/** With those that could not be made out: beside a reference that leads nowhere a piece of the secret may be written. */
function* secretValues(
  node: ConfigNode,
  isSecret: IsSecret,
  path: ConfigPath = [],
): Generator<SecretValue<ScalarNode | BrokenNode>> {
  if (node.kind === "map") {
    for (const [key, { value }] of node.entries) yield* secretValues(value, isSecret, [...path, key]);
    for (const [key, value] of node.repeated ?? []) yield* secretValues(value, isSecret, [...path, key]);
  } else if (node.kind === "list") {
    for (const [index, item] of node.items.entries()) yield* secretValues(item, isSecret, [...path, index]);
  } else if (!isNull(node) && path.length > 0 && isSecret(path)) yield { node, path };
}

const isBareReference = ({ range, ...node }: ScalarNode | BrokenNode): boolean =>
  (node.kind === "broken" || node.substituted) &&
  range.source.origin !== "value" &&
  /^["']?\$\{[^{}]*\}["']?$/.test(textOf(range)) &&
  !textOf(range).includes(":-");

/** Covers what sounds like a secret in a line of a text that could not be read as YAML. */
export function coverUnreadLine(line: string): string {
  return line.replace(
    new RegExp(`((?:${SOUNDS_SECRET.source})[\\w.-]*["']?\\s*[:=]\\s*)(?!\\$\\{[^{}]*\\}\\s*$)\\S.*`, "i"),
    `$1${REDACTED}`,
  );
}
