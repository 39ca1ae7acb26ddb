import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { error, type Finding } from "./finding.ts";
import { positionOf, type Range, type Source, textOf } from "./source.ts";
import { type ConfigNode, type Entry, emptyMap, isNull } from "./tree.ts";

/** More than this is not written by people: it is an alias that repeats itself, or the wrong file. */
const NODES_MAX = 100_000;
/** Values within values. Whoever reads the tree may follow it down without looking where it ends. */
const DEPTH_MAX = 100;

export interface ParsedYaml {
  /** A null scalar for an empty text; broken where the text is not YAML. */
  readonly root: ConfigNode;
  readonly findings: readonly Finding[];
}

/** Syntax errors that spoil one scalar and leave the structure around it as it was meant. */
const LOCAL_ERRORS: readonly string[] = ["BAD_SCALAR_START", "BAD_DQ_ESCAPE"];

/**
 * Reads one YAML document into a tree. After a syntax error that is not confined to one value nothing else is said about
 * the text: what would be found in a document that was misread leads astray. `text` is the source's, or as long as it,
 * with blanks in the place of what is not YAML.
 */
export function parseYaml(source: Source, text: string = source.text): ParsedYaml {
  // Any log level but "silent" makes a second document in the text an error; nothing is logged by parsing itself.
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, logLevel: "error" });
  const syntaxErrors = withoutEchoes(document.errors).map((found) => syntaxError(found, source));
  const whole: Range = { source, start: 0, end: source.text.length };
  if (!document.errors.every(({ code }) => LOCAL_ERRORS.includes(code))) {
    return { root: { kind: "broken", range: whole }, findings: syntaxErrors };
  }
  const reader = new TreeReader(source, syntaxErrors);
  for (const { pos } of document.warnings) {
    const range = { source, start: pos[0], end: pos[1] };
    reader.tagUnknown(range);
  }
  return { root: reader.read(document.contents, whole), findings: reader.findings };
}

/** One slip makes the parser stumble again on all that follows; the first place is the one to look at. */
function withoutEchoes(errors: readonly YAMLParseError[]): readonly YAMLParseError[] {
  return errors.filter(({ code, pos }, index) => {
    const earlier = errors.slice(0, index);
    return !earlier.some((other) => other.pos[0] === pos[0]) && (index === 0 || code !== "UNEXPECTED_TOKEN");
  });
}

function syntaxError({ code, message, pos: [start, end] }: YAMLParseError, source: Source): Finding {
  const range = { source, start, end };
  if (source.text.startsWith("${", start - 1)) {
    const expected = `quotes around it: "\${env:NAME}"`;
    return error("syntax_error", range, "not YAML: inside [ ] and { } a brace begins something else", { expected });
  }
  if (code === "RESOURCE_EXHAUSTION") return tooDeep(range); // The parser's stack was not enough.
  if (code === "MULTIPLE_DOCS") {
    return error("syntax_error", range, "a second document begins here", { expected: "one document, without ---" });
  }
  // Some messages end with a piece of the text, which may be a secret.
  return error("syntax_error", range, `not YAML: ${message.replace(/(: ".*")?\.?$/s, "")}`);
}

function tooDeep({ source, start }: Range): Finding {
  const range = { source, start, end: start };
  return error("too_large", range, `values are nested more than ${DEPTH_MAX} deep`);
}

class TreeReader {
  readonly findings: Finding[];
  readonly #source: Source;
  readonly #brokenAt: readonly number[];
  readonly #anchors = new Map<string, unknown>();
  /** The nodes around the one that is read: an alias to one of them would have no end. */
  readonly #open = new Set<unknown>();
  readonly #unknownTagEnds: number[] = [];
  #nodes = 0;
  #depth = 0;

  constructor(source: Source, syntaxErrors: readonly Finding[]) {
    this.#source = source;
    this.#brokenAt = syntaxErrors.map(({ range }) => range.start);
    this.findings = [...syntaxErrors];
  }

  tagUnknown(tag: Range): void {
    this.findings.push(error("unknown_tag", tag, `unknown tag ${textOf(tag)}`));
    this.#unknownTagEnds.push(tag.end);
  }

  /** `around` is where a value without a place of its own (`key:` and nothing) is said to be. */
  read(node: unknown, around: Range): ConfigNode {
    if (++this.#nodes > NODES_MAX) return this.#tooLarge(around);
    if (isAlias(node)) return this.#readAlias(node, around);
    if (node === null || node === undefined) return { kind: "scalar", range: around, value: null, substituted: false };
    const range = this.#range(node, around);
    if (this.#hasUnknownTag(range)) return { kind: "broken", range };
    if (hasAnchor(node)) this.#anchors.set(node.anchor, node);
    if (this.#depth >= DEPTH_MAX) {
      this.findings.push(tooDeep(range));
      return { kind: "broken", range };
    }
    this.#open.add(node);
    this.#depth++;
    try {
      if (isMap(node)) return this.#readMap(node, range);
      if (isSeq(node)) {
        return { kind: "list", range, items: node.items.map((item) => this.read(item, range)) };
      }
      if (isScalar(node)) return this.#readScalar(node.value, range);
    } finally {
      this.#depth--;
      this.#open.delete(node);
    }
    return { kind: "broken", range };
  }

  #hasUnknownTag({ source, start }: Range): boolean {
    return this.#unknownTagEnds.some((end) => end <= start && source.text.slice(end, start).trim() === "");
  }

  #readScalar(value: unknown, range: Range): ConfigNode {
    if (this.#brokenAt.some((offset) => offset >= range.start && offset < range.end)) return { kind: "broken", range };
    if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return { kind: "scalar", range, value, substituted: false };
    }
    this.findings.push(error("unknown_tag", range, "a tag for a kind of value that no option takes"));
    return { kind: "broken", range };
  }

  #readAlias(alias: Alias, around: Range): ConfigNode {
    const range = this.#range(alias, around);
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      this.findings.push(
        error("unknown_alias", range, `*${alias.source} refers to no anchor`, {
          expected: `an anchor &${alias.source} further up in this file`,
        }),
      );
      return { kind: "broken", range };
    }
    if (this.#open.has(target)) {
      this.findings.push(error("circular_alias", range, `*${alias.source} contains itself`));
      return { kind: "broken", range };
    }
    return this.read(target, range);
  }

  #readMap(map: YAMLMap<unknown, unknown>, range: Range): ConfigNode {
    const entries = new Map<string, Entry>();
    const merged: ConfigNode[] = [];
    const repeated: [string, ConfigNode][] = [];
    for (const pair of map.items) {
      const keyRange = this.#range(pair.key, range);
      const key = this.#readKey(pair, keyRange);
      if (key === undefined) continue;
      const value = this.read(pair.value, keyRange);
      if (key === "<<") {
        merged.push(value);
        continue;
      }
      const first = entries.get(key);
      if (first === undefined) entries.set(key, { key: keyRange, value });
      else {
        repeated.push([key, value]);
        const { line, column } = positionOf(first.key);
        this.findings.push(
          error(
            "duplicate_key",
            keyRange,
            `"${key}" is here twice; it was first written in line ${line}, column ${column}`,
          ),
        );
      }
    }
    for (const node of merged) this.#mergeInto(entries, node);
    return { kind: "map", range, entries, ...(repeated.length > 0 && { repeated }) };
  }

  /** YAML's merge key `<<`: one map or a list of them; what the map has itself wins, then the first that has it. */
  #mergeInto(entries: Map<string, Entry>, node: ConfigNode): void {
    if (node.kind === "map") {
      for (const [key, entry] of node.entries) if (!entries.has(key)) entries.set(key, entry);
    } else if (node.kind === "list") {
      for (const item of node.items) this.#mergeInto(entries, item);
    } else if (node.kind !== "broken" && !isNull(node)) {
      this.findings.push(error("wrong_type", node.range, "<< merges maps", { expected: "a map, or an alias of one" }));
    }
  }

  #readKey(pair: Pair<unknown, unknown>, range: Range): string | undefined {
    const { key } = pair;
    if (isScalar(key) && (typeof key.value === "string" || typeof key.value === "number")) {
      return typeof key.value === "string" ? key.value.trim() : (key.source ?? String(key.value));
    }
    if (isScalar(key) && typeof key.value === "boolean") return key.source ?? String(key.value);
    this.findings.push(error("bad_key", range, "this cannot be a key", { expected: "a text" }));
    return undefined;
  }

  #range(node: unknown, around: Range): Range {
    const range = (node as { range?: readonly [number, number, number] | null } | null)?.range;
    if (!range || range[0] >= range[1]) return around;
    return { source: this.#source, start: range[0], end: range[1] };
  }

  #tooLarge(range: Range): ConfigNode {
    if (this.#nodes === NODES_MAX + 1) {
      this.findings.push(error("too_large", range, `more than ${NODES_MAX} values, aliases counted each time`));
    }
    return emptyMap(range);
  }
}

function hasAnchor(node: unknown): node is { anchor: string } {
  return typeof (node as { anchor?: unknown }).anchor === "string";
}
