import { error } from "./finding.ts";
import { mergeTrees } from "./merge.ts";
import { type ParsedYaml, parseYaml } from "./parse-yaml.ts";
import { wholeOf } from "./read-source.ts";
import type { Range, Source } from "./source.ts";
import { type ConfigNode, type Entry, emptyMap } from "./tree.ts";

/** More than this is no path to an option, and deeper than what reads it can follow. */
const STEPS_MAX = 100;

/**
 * Reads the text of one `--set`: `path.to.option=value`, the value in YAML. Where an id has a dot in it, `::` parts the
 * steps instead, as it does in `yaml:` addresses.
 */
export function parseSet(source: Source): ParsedYaml {
  const { text } = source;
  const equals = text.indexOf("=");
  const steps = splitPath(source, 0, equals, text.slice(0, equals).includes("::") ? "::" : ".");
  const message = setProblem(equals, steps);
  if (message !== undefined) {
    const expected = "path.to.option=value, for example receivers.gost.endpoint=0.0.0.0:8000";
    const range = wholeOf(source);
    return { root: { kind: "broken", range }, findings: [error("bad_set", range, message, { expected })] };
  }
  const { root, findings } = parseYaml(source, " ".repeat(equals + 1) + text.slice(equals + 1));
  if (root.kind === "broken") return { root, findings };
  const keyRange = steps.at(-1)!.range;
  const value = root.range.start === 0 ? { ...root, range: keyRange } : root;
  return { root: nest(steps, value), findings };
}

function setProblem(equals: number, steps: readonly Step[]): string | undefined {
  if (equals === -1) return "there is no = in it";
  if (steps.length > STEPS_MAX) return `its path has more than ${STEPS_MAX} steps`;
  return steps.some(({ key }) => key === "") ? "a step of its path is empty" : undefined;
}

/** Takes keys such as `exporters::debug::verbosity` apart, at every depth. */
export function splitKeys(node: ConfigNode): ConfigNode {
  if (node.kind === "list") return { ...node, items: node.items.map(splitKeys) };
  if (node.kind !== "map") return node;
  let split: ConfigNode = emptyMap(node.range);
  for (const [key, entry] of node.entries) {
    const value = splitKeys(entry.value);
    const { source, start, end } = entry.key;
    const steps = key.includes("::") ? splitPath(source, start, end, "::") : [{ key, range: entry.key }];
    split = mergeTrees(split, nest(steps, value));
  }
  return split;
}

interface Step {
  readonly key: string;
  readonly range: Range;
}

function splitPath(source: Source, start: number, end: number, separator: string): readonly Step[] {
  let at = start;
  return source.text
    .slice(start, Math.max(start, end))
    .split(separator)
    .map((key) => {
      const range = { source, start: at, end: at + key.length };
      at = range.end + separator.length;
      return { key: key.trim(), range };
    });
}

function nest(steps: readonly Step[], value: ConfigNode): ConfigNode {
  return steps.reduceRight<ConfigNode>((node, { key, range }) => {
    const entries = new Map<string, Entry>([[key, { key: range, value: node }]]);
    return { kind: "map", range, entries };
  }, value);
}
