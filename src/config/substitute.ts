import { nearest } from "../lib/nearest.ts";
import { error, type Finding } from "./finding.ts";
import { type OptionLookup, typesOf } from "./option-schema.ts";
import { parseYaml } from "./parse-yaml.ts";
import { readText, type Surroundings } from "./read-source.ts";
import { type Range, type Source, textOf } from "./source.ts";
import { hasSubstitution, type Part, parseSubstitutions, type Reference } from "./substitution-text.ts";
import type { ConfigNode, ConfigPath, Entry, ScalarNode } from "./tree.ts";

/**
 * Puts values in the place of `${env:X}`, `${X}`, `${X:-default}` and `${file:path}` (one newline at a file's end is left
 * out), and `$` in that of `$$`. It works on scalars that YAML has read, so no value can change the document around it;
 * and **what was fetched is never expanded again**: a `$` in a secret stays a `$`.
 *
 * Where a reference is the whole scalar its target says what becomes of the text: a text stays as it is, letter by letter;
 * where a number, a boolean, a list or a section is wanted it is read as YAML.
 */
export async function substitute(
  root: ConfigNode,
  lookup: OptionLookup,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<{ readonly root: ConfigNode; readonly findings: readonly Finding[] }> {
  const substitution = new Substitution(lookup, surroundings, signal);
  return { root: await substitution.node(root, []), findings: substitution.findings };
}

class Substitution {
  readonly findings: Finding[] = [];
  readonly #lookup: OptionLookup;
  readonly #surroundings: Surroundings;
  readonly #signal: AbortSignal;
  /** How many values came from elsewhere; a default that was written beside its reference is none. */
  #fetched = 0;

  constructor(lookup: OptionLookup, surroundings: Surroundings, signal: AbortSignal) {
    this.#lookup = lookup;
    this.#surroundings = surroundings;
    this.#signal = signal;
  }

  async node(node: ConfigNode, path: ConfigPath): Promise<ConfigNode> {
    switch (node.kind) {
      case "map": {
        const entries = new Map<string, Entry>();
        for (const [key, entry] of node.entries) {
          entries.set(key, { key: entry.key, value: await this.node(entry.value, [...path, key]) });
        }
        return { ...node, entries };
      }
      case "list": {
        const items: ConfigNode[] = [];
        for (const [index, item] of node.items.entries()) items.push(await this.node(item, [...path, index]));
        return { ...node, items };
      }
      case "scalar":
        return typeof node.value === "string" && hasSubstitution(node.value)
          ? this.#scalar(node, node.value, path)
          : node;
      case "broken":
        return node;
      default:
        return node satisfies never;
    }
  }

  async #scalar(node: ScalarNode, value: string, path: ConfigPath): Promise<ConfigNode> {
    const parts = parseSubstitutions(value);
    const fetchedBefore = this.#fetched;
    const text = await this.#join(parts, (part) => rangeOfPart(node.range, value, part));
    const substituted = this.#fetched > fetchedBefore;
    if (text === undefined) return { kind: "broken", range: node.range };
    const [only] = parts;
    if (parts.length === 1 && only?.type === "reference") {
      return this.#typed({ kind: "scalar", range: node.range, value: text, substituted }, text, path);
    }
    return { ...node, value: text, substituted };
  }

  /** The text with every reference fetched; undefined when one could not be, which is reported. */
  async #join(parts: readonly Part[], rangeOf: (part: Position) => Range): Promise<string | undefined> {
    let joined: string | undefined = "";
    for (const part of parts) {
      const text = part.type === "literal" ? part.text : await this.#resolve(part, rangeOf);
      joined = joined === undefined || text === undefined ? undefined : joined + text;
    }
    return joined;
  }

  async #resolve(
    part: Exclude<Part, { type: "literal" }>,
    rangeOf: (part: Position) => Range,
  ): Promise<string | undefined> {
    const range = rangeOf(part);
    if (part.type === "malformed")
      return this.#fail(error("bad_substitution", range, part.message, EXPECTED_REFERENCE));
    const name = await this.#join(part.name, rangeOf);
    if (name === undefined) return undefined;
    switch (part.scheme) {
      case "env":
        return this.#resolveVariable(name, part, rangeOf);
      case "file": {
        const text = await readText(name, this.#surroundings.readFile, range, this.#signal);
        if (typeof text !== "string") return this.#fail(text);
        this.#fetched++;
        return text.replace(/\r?\n$/, "");
      }
      default:
        return this.#fail(
          error(
            "bad_substitution",
            range,
            `"${part.scheme}:" is no place that values can come from`,
            EXPECTED_REFERENCE,
          ),
        );
    }
  }

  async #resolveVariable(
    name: string,
    { fallback, ...part }: Reference,
    rangeOf: (part: Position) => Range,
  ): Promise<string | undefined> {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      return this.#fail(
        error("bad_substitution", rangeOf(part), `"${name}" cannot be the name of an environment variable`, {
          expected: "letters, digits and _, no digit first",
        }),
      );
    }
    const value = this.#surroundings.environment[name];
    if (value !== undefined) {
      this.#fetched++;
      return value;
    }
    if (fallback !== undefined) return this.#join(fallback, rangeOf);
    return this.#fail(
      error("unset_variable", rangeOf(part), `the environment variable ${name} is not set`, {
        expected: `a value in the environment, or a default: \${env:${name}:-default}`,
        suggestion: nearest(name, Object.keys(this.#surroundings.environment)),
      }),
    );
  }

  /** What the whole of a scalar was replaced with, as its target wants it. */
  #typed(asText: ScalarNode, text: string, path: ConfigPath): ConfigNode {
    const { range } = asText;
    const schema = this.#lookup(path);
    const types = schema && typesOf(schema);
    if (types === undefined || types.has("string")) return asText;
    const source: Source = { name: textOf(range), text, origin: "value" };
    const { root, findings } = parseYaml(source);
    if (root.kind === "scalar") return { ...asText, value: root.value };
    if (findings.length === 0) return root;
    // Said without the value's text, which may be secret.
    if (!types.has("object") && !types.has("array")) return asText;
    this.findings.push(error("syntax_error", range, "what this stands for is not YAML"));
    return { kind: "broken", range };
  }

  #fail(finding: Finding): undefined {
    this.findings.push(finding);
    return undefined;
  }
}

type Position = { readonly start: number; readonly end: number };

const EXPECTED_REFERENCE = { expected: `\${env:NAME}, \${env:NAME:-default} or \${file:path}; $$ is a plain $` };

/** Where in the source a part of a scalar's value is. Quotes, escapes and folded lines may move it: then it is searched for. */
function rangeOfPart(scalar: Range, value: string, { start, end }: Position): Range {
  const written = textOf(scalar);
  const wanted = value.slice(start, end);
  const before = value.slice(0, start).split(wanted).length - 1;
  let at = -1;
  for (let nth = 0; nth <= before; nth++) {
    at = written.indexOf(wanted, at + 1);
    if (at === -1) return scalar;
  }
  return { source: scalar.source, start: scalar.start + at, end: scalar.start + at + wanted.length };
}
