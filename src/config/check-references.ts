import type { ComponentKind } from "../component/id.ts";
import { nearest } from "../lib/nearest.ts";
import { SIGNALS, type Signal } from "../model/signal.ts";
import { type CheckContext, type Declared, type DeclaredByKind, withArticle } from "./check-components.ts";
import { error } from "./finding.ts";
import { SECTION_OF_KIND } from "./option-schema.ts";
import { oneOf } from "./schema-issues.ts";
import type { Range } from "./source.ts";
import type { ConfigNode } from "./tree.ts";

/** One entry in a list that names components. */
export interface Reference<Role extends string = "receivers" | "processors" | "exporters"> {
  readonly id: string;
  readonly role: Role;
  readonly range: Range;
  /** What it refers to; undefined where that is not defined, which is reported. */
  readonly declared: Declared | undefined;
}

/** Which kinds of components may stand in each list. */
export const KINDS_IN_ROLE = {
  receivers: ["receiver", "connector"],
  processors: ["processor"],
  exporters: ["exporter", "connector"],
  extensions: ["extension"],
} as const satisfies Record<string, readonly ComponentKind[]>;

/** Checks a list of ids: each is defined, of a fitting kind, there once, and able to take the pipeline's signal. */
export function checkReferences<Role extends keyof typeof KINDS_IN_ROLE>(
  list: ConfigNode | undefined,
  role: Role,
  within: { readonly pipeline: string; readonly signal: Signal } | undefined,
  declared: DeclaredByKind,
  context: CheckContext,
): readonly Reference<Role>[] {
  const kinds: readonly ComponentKind[] = KINDS_IN_ROLE[role];
  if (list?.kind !== "list") return [];
  const seen = new Set<string>();
  const where = within ? `the pipeline ${within.pipeline}` : "service.extensions";
  return list.items.flatMap((item) => {
    if (item.kind !== "scalar" || typeof item.value !== "string") return [];
    const id = item.value
      .split("/")
      .map((part) => part.trim())
      .join("/");
    if (seen.has(id)) {
      context.report(error("duplicate_reference", item.range, `${where} has ${id} in its ${role} twice`));
      return [];
    }
    seen.add(id);
    const target = kinds.map((kind) => declared[kind].byId.get(id)).find((found) => found !== undefined);
    if (target === undefined && kinds.every((kind) => declared[kind].known)) {
      reportUndefined(id, item.range, { where, kinds, declared }, context);
    }
    if (target && within) reportUnsupportedSignal(target, item.range, role, within, context);
    return [{ id, role, range: item.range, declared: target }];
  });
}

interface Undefined {
  readonly where: string;
  readonly kinds: readonly ComponentKind[];
  readonly declared: DeclaredByKind;
}

function reportUndefined(id: string, range: Range, { where, kinds, declared }: Undefined, context: CheckContext): void {
  const ids = kinds.flatMap((kind) => [...declared[kind].byId.keys()]);
  const elsewhere = (Object.keys(declared) as ComponentKind[]).filter((kind) => declared[kind].byId.has(id));
  const [kind] = kinds;
  const type = id.split("/")[0]!;
  const known = kind && context.catalog.types(kind).includes(type);
  const message =
    elsewhere.length > 0
      ? `${where} refers to the ${kind} ${id}, but ${id} is ${elsewhere.map(withArticle).join(" and ")}`
      : `${where} refers to the ${kind} ${id}, which is not defined`;
  const expected =
    ids.length > 0 ? oneOf(ids) : known ? `a section ${SECTION_OF_KIND[kind]}.${id} further up` : undefined;
  context.report(error("undefined_reference", range, message, { expected, suggestion: nearest(id, ids) }));
}

function reportUnsupportedSignal(
  { definition, text }: Declared,
  range: Range,
  role: string,
  { pipeline, signal }: { readonly pipeline: string; readonly signal: Signal },
  { report }: CheckContext,
): void {
  if (definition === undefined || definition.kind === "extension") return;
  const signals =
    definition.kind === "connector"
      ? [...new Set(definition.routes.map(({ from, to }) => (role === "exporters" ? from : to)))]
      : SIGNALS.filter((known) => definition.signals[known] !== undefined);
  if (signals.includes(signal)) return;
  const end =
    definition.kind !== "connector" ? "" : role === "exporters" ? " at the end of a pipeline" : " at the start of one";
  report(
    error(
      "unsupported_signal",
      range,
      `the ${definition.kind} ${text} does not take ${signal} (pipeline ${pipeline})`,
      {
        expected: `${oneOf(signals)}${end}`,
      },
    ),
  );
}
