import type { Catalog } from "../component/registry.ts";
import { error, type Finding } from "./finding.ts";
import { loadNamed } from "./load-named.ts";
import { mergeTrees } from "./merge.ts";
import { parseSet, splitKeys } from "./nested-keys.ts";
import type { OptionLookup } from "./option-schema.ts";
import { type ParsedYaml, parseYaml } from "./parse-yaml.ts";
import { readText, type Surroundings, wholeOf } from "./read-source.ts";
import type { Range, Source } from "./source.ts";
import { substitute } from "./substitute.ts";
import { type ConfigNode, emptyMap, isNull } from "./tree.ts";

/** Where configuration comes from: texts that are at hand, or addresses as `--config` takes them. */
export type ConfigSource =
  | { readonly address: string }
  /** The embedded default, or a test's. */
  | { readonly name: string; readonly text: string };

export interface ReadConfiguration {
  /** All sources, merged, with every value in its place. */
  readonly root: ConfigNode;
  /** Each source by itself, with what others replaced in it. */
  readonly trees: readonly ConfigNode[];
  readonly findings: readonly Finding[];
  /** The sources in their order, for a stable order of problems. */
  readonly sources: readonly Source[];
  /** The files that were read, as sources or for a value, or that were to be: what `--watch` watches. */
  readonly files: readonly string[];
  /** Whether some source is so far from YAML that nothing can be said about the rest. */
  readonly unreadable: boolean;
}

export interface ReadOptions extends Surroundings {
  readonly configs: readonly ConfigSource[];
  readonly sets: readonly string[];
  /** Where the components that are named are loaded, and where `lookup` finds them. */
  readonly catalog: Catalog;
  readonly lookup: OptionLookup;
}

/** Reads `configs` in order, then lays each of `sets` (`path.to.option=value`) over them. */
export async function readConfiguration(
  { configs, sets, catalog, lookup, ...given }: ReadOptions,
  signal: AbortSignal,
): Promise<ReadConfiguration> {
  const findings: Finding[] = [];
  const sources: Source[] = [];
  const files = new Set<string>();
  const surroundings: Surroundings = {
    ...given,
    readFile(path, signal) {
      files.add(path);
      return given.readFile(path, signal);
    },
  };
  const trees: ConfigNode[] = [];
  let merged: ConfigNode | undefined;
  let unreadable = false;
  const add = async (tree: ConfigNode) => {
    await loadNamed(tree, catalog);
    const substituted = await substitute(tree, lookup, surroundings, signal);
    findings.push(...substituted.findings);
    trees.push(substituted.root);
    await loadNamed(substituted.root, catalog); // A section may have come from a file as a whole.
    if (substituted.root.kind === "broken") unreadable = true;
    else if (!isNull(substituted.root)) merged = merged ? mergeTrees(merged, substituted.root) : substituted.root;
  };
  for (const config of configs) {
    const { source, parsed, finding } = await open(config, surroundings, signal);
    sources.push(source);
    if (finding) findings.push(finding);
    if (parsed) {
      findings.push(...parsed.findings);
      await add(parsed.root);
    } else unreadable = true;
  }
  for (const text of sets) {
    const source: Source = { name: "--set", text, origin: "set" };
    sources.push(source);
    const parsed = parseSet(source);
    findings.push(...parsed.findings);
    if (parsed.root.kind !== "broken") await add(parsed.root);
  }
  const start: Range = { source: sources[0] ?? NOTHING, start: 0, end: 0 };
  return { root: merged ?? emptyMap(start), trees, findings, sources, files: [...files], unreadable };
}

const NOTHING: Source = { name: "(nothing)", text: "", origin: "config" };

interface Opened {
  readonly source: Source;
  /** Absent where the source could not be had. */
  readonly parsed?: ParsedYaml;
  readonly finding?: Finding;
}

async function open(config: ConfigSource, surroundings: Surroundings, signal: AbortSignal): Promise<Opened> {
  const parse = (name: string, text: string): Opened & { readonly parsed: ParsedYaml } => {
    const source: Source = { name, text, origin: "config" };
    return { source, parsed: parseYaml(source) };
  };
  if ("text" in config) return parse(config.name, config.text);
  const source: Source = { name: "--config", text: config.address, origin: "config" };
  const { scheme, rest } = splitAddress(config.address);
  switch (scheme) {
    case "file": {
      const text = await readText(rest, surroundings.readFile, wholeOf(source), signal);
      return typeof text === "string" ? parse(rest, text) : { source, finding: text };
    }
    case "env": {
      const text = surroundings.environment[rest];
      if (text !== undefined) return parse(`env:${rest}`, text);
      return {
        source,
        finding: error("unset_variable", wholeOf(source), `the environment variable ${rest} is not set`),
      };
    }
    case "yaml": {
      const opened = parse("yaml:", rest);
      return { ...opened, parsed: { ...opened.parsed, root: splitKeys(opened.parsed.root) } };
    }
    default:
      return {
        source,
        finding: error(
          "unreadable_source",
          wholeOf(source),
          `"${scheme}:" is no place that a configuration can come from`,
          { expected: "a file's path, file:path, env:NAME or yaml:key::key: value" },
        ),
      };
  }
}

/** A scheme has two letters at least, so that `C:\gostcol.yaml` is a path. */
function splitAddress(address: string): { readonly scheme: string; readonly rest: string } {
  const match = /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(address);
  return match ? { scheme: match[1]!, rest: address.slice(match[0].length) } : { scheme: "file", rest: address };
}
