import { nearest } from "../lib/nearest.ts";
import type { CheckContext, Declared, DeclaredByKind } from "./check-components.ts";
import type { CheckedService } from "./check-service.ts";
import { error } from "./finding.ts";
import { type OptionLookup, SECTION_OF_KIND } from "./option-schema.ts";
import { oneOf } from "./schema-issues.ts";
import { type ConfigNode, type ConfigPath, nodeAt, type ScalarNode } from "./tree.ts";

/** Checks the options of what runs that name an extension (`extensionId` of the kit's fields): it runs as well. */
export function checkExtensions(
  { extension: { byId, known } }: DeclaredByKind,
  service: CheckedService,
  { root, lookup, report }: CheckContext,
): void {
  if (!service.complete || !known) return;
  const running = new Set(service.extensions.map(({ id }) => id));
  for (const { kind, text } of usedComponents(service)) {
    const path = [SECTION_OF_KIND[kind], text];
    const section = nodeAt(root, path);
    for (const { range, value } of section === undefined ? [] : extensionIds(section, path, lookup)) {
      const id = String(value);
      if (running.has(id)) continue;
      const isDefined = byId.has(id);
      const message = `the ${kind} ${text} refers to the extension ${id}, which ${isDefined ? "service.extensions does not name" : "is not defined"}`;
      const ids = [...byId.keys()];
      const expected = isDefined ? `${id} in service.extensions` : ids.length > 0 ? oneOf(ids) : undefined;
      report(
        error("undefined_reference", range, message, {
          expected,
          suggestion: isDefined ? undefined : nearest(id, ids),
        }),
      );
    }
  }
}

function usedComponents(service: CheckedService): ReadonlySet<Declared> {
  const references = [...service.pipelines.flatMap(({ references }) => references), ...service.extensions];
  return new Set(references.flatMap(({ declared }) => declared ?? []));
}

function* extensionIds(node: ConfigNode, path: ConfigPath, lookup: OptionLookup): Generator<ScalarNode> {
  if (node.kind === "map") {
    for (const [key, { value }] of node.entries) yield* extensionIds(value, [...path, key], lookup);
  } else if (node.kind === "list") {
    for (const [index, item] of node.items.entries()) yield* extensionIds(item, [...path, index], lookup);
  } else if (node.kind === "scalar" && typeof node.value === "string" && lookup(path)?.format === "extension-id") {
    yield node;
  }
}
