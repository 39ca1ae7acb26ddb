import type { AnyDefinition } from "../component/define.ts";
import { COMPONENT_KINDS, type ComponentKind } from "../component/id.ts";
import { allDefinitions, Catalog, loadDefinition, type Registry } from "../component/registry.ts";
import { signalsText } from "../config/component-text.ts";
import type { JsonSchema } from "../config/json-schema.ts";
import {
  alternatives,
  kindOfSection,
  optionNames,
  SECTION_OF_KIND,
  SECTIONS,
  schemaOf,
  serviceJsonSchema,
  stepInto,
} from "../config/option-schema.ts";
import { type Option, optionOf, optionsOf } from "../config/options.ts";
import { nearest } from "../lib/nearest.ts";
import type { CliContext } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { textTable } from "./text-table.ts";

/** `gostcol explain gost`, `gostcol explain receivers.gost.limits.series`: what can be configured, from the schemas. */
export async function explainCommand(context: CliContext, target: string): Promise<number> {
  const found = await explain(context.registry, target);
  if (typeof found === "string") {
    context.print(`${found}\n`);
    return EXIT.ok;
  }
  const hint = found.suggestion === undefined ? "" : ` Did you mean "${found.suggestion}"?`;
  context.printError(`There is no ${found.what}.${hint}\n`);
  return EXIT.usage;
}

interface NotFound {
  readonly what: string;
  readonly suggestion: string | undefined;
}

async function explain(registry: Registry, target: string): Promise<string | NotFound> {
  const [first = "", ...rest] = stepsOf(target);
  if (first === "service") return explainOption("service", serviceJsonSchema(), rest);
  const kind = kindOfSection(first);
  if (kind) {
    const [id, ...below] = rest;
    return id === undefined ? sectionText(registry, kind) : explainComponents(registry, [kind], id, below);
  }
  return explainComponents(registry, COMPONENT_KINDS, first, rest);
}

/** `auth.tokens[].token` and `auth.tokens[0].token` as `auth`, `tokens`, `token`. */
function stepsOf(target: string): readonly string[] {
  return target
    .replaceAll(/\[\d*\]/g, "")
    .split(/\.|::/)
    .filter((step) => step !== "");
}

async function explainComponents(
  registry: Registry,
  kinds: readonly ComponentKind[],
  id: string,
  below: readonly string[],
): Promise<string | NotFound> {
  const type = id.split("/")[0]!;
  const found = await Promise.all(kinds.map((kind) => loadDefinition(registry, kind, type)));
  const definitions = found.filter((definition) => definition !== undefined);
  if (definitions.length === 0) {
    const catalog = new Catalog(registry);
    const types = kinds.flatMap((kind) => catalog.types(kind));
    const sections = kinds.length > 1 ? SECTIONS : [];
    const what = kinds.length === 1 ? `${kinds[0]} "${type}"` : `component or section "${type}"`;
    return { what, suggestion: nearest(type, [...types, ...sections]) };
  }
  const texts = definitions.map((definition) =>
    below.length === 0
      ? componentText(definition)
      : explainOption(`${SECTION_OF_KIND[definition.kind]}.${id}`, schemaOf(definition), below),
  );
  const explained = texts.filter((text) => typeof text === "string");
  return explained.length > 0 ? explained.join("\n\n") : texts[0]!;
}

function componentText(definition: AnyDefinition): string {
  const options = optionsOf(schemaOf(definition));
  const aliases = definition.aliases?.length ? `\nalso known as (out of date): ${definition.aliases.join(", ")}` : "";
  return `${definition.type} (${definition.kind}): ${definition.summary}\nsignals: ${signalsText(definition)}${aliases}\n\n${optionsText(options)}`;
}

async function sectionText(registry: Registry, kind: ComponentKind): Promise<string> {
  const definitions = await allDefinitions(registry, [kind]);
  const rows = definitions.map(({ type, summary }) => [`  ${type}`, summary]);
  const list = rows.length > 0 ? textTable(rows) : "  none in this build";
  return `${SECTION_OF_KIND[kind]}: components by id, \`type\` or \`type/name\`\n\n${list}`;
}

function explainOption(name: string, schema: JsonSchema, path: readonly string[]): string | NotFound {
  let at = schema;
  let walked = name;
  let required = false;
  for (const step of path) {
    const section = itemsOf(at);
    const next = stepInto(section, [step]);
    if (next === undefined) {
      return { what: `option "${step}" in ${walked}`, suggestion: nearest(step, optionNames(section)) };
    }
    required = alternatives(section).some((alternative) => alternative.required?.includes(step));
    walked = `${walked}${section === at ? "" : "[]"}.${step}`;
    at = next;
  }
  const below = optionsOf(itemsOf(at));
  const head = optionLines(optionOf(walked, at, required), "");
  return below.length === 0 ? head : `${head}\n\n${optionsText(below)}`;
}

/** What is in a list, so that a path needs no brackets. */
function itemsOf(schema: JsonSchema): JsonSchema {
  const { items } = schema;
  return typeof items === "object" ? itemsOf(items) : schema;
}

const optionsText = (options: readonly Option[]): string =>
  options.length === 0 ? "no options" : options.map((option) => optionLines(option, "  ")).join("\n");

function optionLines(option: Option, indent: string): string {
  const fallback = option.required ? "; required" : option.default === undefined ? "" : `; default ${option.default}`;
  const lines = [`${indent}${option.path}: ${option.type}${fallback}`];
  if (option.description !== "") lines.push(`${indent}    ${option.description}`);
  return lines.join("\n");
}
