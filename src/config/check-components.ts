import type { AnyDefinition, ConfigProblem } from "../component/define.ts";
import { COMPONENT_KINDS, type ComponentId, type ComponentKind } from "../component/id.ts";
import type { Catalog } from "../component/registry.ts";
import { nearest } from "../lib/nearest.ts";
import type { ConfiguredComponent } from "./checked-config.ts";
import { parseComponentId } from "./component-id.ts";
import { error, type Finding, finding, warning } from "./finding.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { alternatives, type OptionLookup, SECTION_OF_KIND, SECTIONS, stepInto } from "./option-schema.ts";
import { findingsOfIssues, foundText, oneOf, PARSED_ONCE } from "./schema-issues.ts";
import type { IsSecret } from "./secrets.ts";
import type { Range } from "./source.ts";
import {
  type ConfigNode,
  type ConfigPath,
  childOf,
  isNull,
  type MapNode,
  pathText,
  plainValue,
  rangeAt,
} from "./tree.ts";

/** One id of a section, whether or not its configuration is right. */
export interface Declared {
  readonly text: string;
  readonly kind: ComponentKind;
  readonly key: Range;
  /** Absent where the type is unknown, which is reported. */
  readonly definition: AnyDefinition | undefined;
  /** Absent where the type or the options are wrong, which is reported. */
  readonly component: ConfiguredComponent | undefined;
}

export interface CheckContext {
  readonly root: MapNode;
  readonly catalog: Catalog;
  readonly lookup: OptionLookup;
  readonly isSecret: IsSecret;
  readonly report: (finding: Finding) => void;
}

export type DeclaredByKind = Readonly<Record<ComponentKind, DeclaredSection>>;

export interface DeclaredSection {
  readonly byId: ReadonlyMap<string, Declared>;
  /** False where the section itself could not be read: then no reference into it is known to be wrong. */
  readonly known: boolean;
}

/** Checks the top level and every component's section, used or not. */
export function checkComponents(context: CheckContext): DeclaredByKind {
  for (const [name, { key }] of context.root.entries) {
    if (SECTIONS.includes(name)) continue;
    const suggestion = nearest(name, SECTIONS);
    context.report(
      error("unknown_option", key, `a configuration has no section "${name}"`, {
        suggestion,
        expected: oneOf(SECTIONS),
      }),
    );
  }
  const sections = COMPONENT_KINDS.map((kind) => [kind, checkSection(kind, context)] as const);
  return Object.fromEntries(sections) as Record<ComponentKind, DeclaredSection>;
}

function checkSection(kind: ComponentKind, context: CheckContext): DeclaredSection {
  const section = childOf(context.root, SECTION_OF_KIND[kind]);
  const byId = new Map<string, Declared>();
  if (section === undefined || isNull(section)) return { byId, known: true };
  if (section.kind !== "map") {
    if (section.kind !== "broken") {
      const message = `${SECTION_OF_KIND[kind]} is ${foundText(section, true)}`;
      context.report(error("wrong_type", section.range, message, { expected: "a section with components by id" }));
    }
    return { byId, known: false };
  }
  for (const [written, { key, value }] of section.entries) {
    const id = parseComponentId(written);
    if (typeof id === "string") {
      const expected = "type or type/name, for example prometheus or prometheus/internal";
      context.report(error("bad_id", key, `"${written}" cannot be the id of a ${kind}: ${id}`, { expected }));
      continue;
    }
    const text = id.name === "" ? id.type : `${id.type}/${id.name}`;
    const definition = context.catalog.find(kind, id.type);
    if (definition === undefined) context.report(unknownType(kind, id.type, key, context.catalog));
    const component =
      definition && checkComponent({ definition, id, key, value, path: [SECTION_OF_KIND[kind], written] }, context);
    byId.set(text, { text, kind, key, definition, component });
  }
  return { byId, known: true };
}

interface WrittenComponent {
  readonly definition: AnyDefinition;
  readonly id: ComponentId;
  readonly key: Range;
  readonly value: ConfigNode;
  readonly path: ConfigPath;
}

function checkComponent(written: WrittenComponent, context: CheckContext): ConfiguredComponent | undefined {
  const { definition, id, key, value, path } = written;
  const { root, lookup, isSecret, report } = context;
  if (definition.type !== id.type) {
    const expected = `${definition.type}${id.name && `/${id.name}`}`;
    report(
      warning("deprecated_component", key, `the ${definition.kind} ${id.type} is called ${definition.type} now`, {
        expected,
      }),
    );
  }
  reportDeprecatedOptions(value, path, context);
  if (value.kind === "broken") return undefined;
  const plain = isNull(value) ? {} : plainValue(value);
  const parsed = definition.config.safeParse(plain, PARSED_ONCE);
  if (!parsed.success) {
    findingsOfIssues(parsed.error.issues, { root, base: path, lookup, isSecret }).forEach(report);
    return undefined;
  }
  const problems = definition.check?.(parsed.data) ?? [];
  for (const problem of problems) report(findingOfProblem(problem, path, context));
  if (problems.some(({ severity }) => severity === "error") || holdsBroken(value)) return undefined;
  return { id, definition, config: parsed.data, fingerprint: () => fingerprintOf(definition.type, parsed.data, plain) };
}

function unknownType(kind: ComponentKind, type: string, range: Range, catalog: Catalog): Finding {
  const types = catalog.types(kind);
  const elsewhere = COMPONENT_KINDS.filter((other) => other !== kind && catalog.has(other, type));
  const hint = elsewhere.length > 0 ? `, but ${elsewhere.map(withArticle).join(" and ")}` : "";
  return error("unknown_component", range, `"${type}" is no ${kind}${hint}`, {
    suggestion: nearest(type, types),
    expected: types.length > 0 ? oneOf(types) : `nothing: this build has no ${kind}`,
  });
}

export const withArticle = (kind: ComponentKind) => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;

function findingOfProblem(problem: ConfigProblem, base: ConfigPath, { root }: CheckContext): Finding {
  const path = [...base, ...problem.path];
  return finding(problem.severity, problem.code, rangeAt(root, path), `${pathText(path)}: ${problem.message}`, problem);
}

function reportDeprecatedOptions(node: ConfigNode, path: ConfigPath, context: CheckContext): void {
  if (node.kind === "list") {
    for (const [index, item] of node.items.entries()) reportDeprecatedOptions(item, [...path, index], context);
  }
  if (node.kind !== "map") return;
  const section = context.lookup(path);
  for (const [name, { key, value }] of node.entries) {
    const option = section && stepInto(section, [name]);
    if (option && alternatives(option).some((branch) => branch.deprecated)) {
      const replacement = option.replacement;
      context.report(
        warning("deprecated_option", key, `${pathText([...path, name])} is out of date`, {
          expected: replacement === undefined ? undefined : `${replacement} in its place`,
        }),
      );
    }
    reportDeprecatedOptions(value, [...path, name], context);
  }
}

function holdsBroken(node: ConfigNode): boolean {
  if (node.kind === "map") return [...node.entries.values()].some(({ value }) => holdsBroken(value));
  return node.kind === "list" ? node.items.some(holdsBroken) : node.kind === "broken";
}
