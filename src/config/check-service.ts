import { nearest } from "../lib/nearest.ts";
import { SIGNALS } from "../model/signal.ts";
import type { CheckContext, DeclaredByKind } from "./check-components.ts";
import { checkReferences, type Reference } from "./check-references.ts";
import type { PipelineConfig, ServiceConfig } from "./checked-config.ts";
import { parsePipelineId } from "./component-id.ts";
import { error } from "./finding.ts";
import { contradictionIn } from "./limits.ts";
import { findingsOfIssues, oneOf, PARSED_ONCE } from "./schema-issues.ts";
import { type ServiceSection, serviceSchema } from "./service-schema.ts";
import type { Range } from "./source.ts";
import { type ConfigNode, childOf, isBrokenAt, isNull, keyRangeAt, nodeAt, plainValue, rangeAt } from "./tree.ts";

/** A pipeline with the places of its parts, for what is said about it later. */
export interface WrittenPipeline extends PipelineConfig {
  readonly key: Range;
  readonly references: readonly Reference[];
}

export interface CheckedService {
  readonly extensions: readonly Reference<"extensions">[];
  readonly pipelines: readonly WrittenPipeline[];
  /** Absent where the section could not be parsed. */
  readonly settings?: Pick<ServiceConfig, "limits" | "telemetry">;
  /** Whether all of the section could be read, so that what is missing in it is really missing. */
  readonly complete: boolean;
}

const ROLES = ["receivers", "processors", "exporters"] as const;

/** Checks the section `service`: its options, the pipelines and every reference to a component. */
export function checkService(declared: DeclaredByKind, context: CheckContext): CheckedService {
  const parsed = parseServiceSection(context);
  const written = writtenPipelines(context);
  const pipelines = written.flatMap((one) => checkPipeline(one, declared, context) ?? []);
  const complete = parsed !== undefined && pipelines.length === written.length;
  const list = nodeAt(context.root, ["service", "extensions"]);
  if (parsed !== undefined) checkLimits(parsed, context);
  const extensions = checkReferences(list, "extensions", undefined, declared, context);
  return {
    extensions,
    pipelines,
    complete,
    ...(parsed && { settings: { limits: parsed.limits, telemetry: parsed.telemetry } }),
  };
}

function parseServiceSection({ root, lookup, isSecret, report }: CheckContext): ServiceSection | undefined {
  const node = childOf(root, "service");
  if (node?.kind === "broken") return undefined;
  const parsed = serviceSchema.safeParse(node === undefined || isNull(node) ? {} : plainValue(node), PARSED_ONCE);
  if (parsed.success) return parsed.data;
  findingsOfIssues(parsed.error.issues, { root, base: ["service"], lookup, isSecret }).forEach(report);
  return undefined;
}

function checkLimits({ limits }: ServiceSection, { root, report }: CheckContext): void {
  const wrong = contradictionIn(limits);
  if (wrong === undefined) return;
  const path = ["service", "limits", "memory", wrong];
  const limit = wrong.replace("spike_", "");
  const message = `service.limits.memory.${wrong} leaves nothing of ${limit}`;
  report(error("out_of_range", rangeAt(root, path), message, { expected: `less than ${limit}` }));
}

interface Written {
  readonly id: string;
  readonly key: Range;
  readonly node: ConfigNode;
}

function writtenPipelines({ root, report }: CheckContext): readonly Written[] {
  const path = ["service", "pipelines"];
  if (isBrokenAt(root, path)) return [];
  const node = nodeAt(root, path);
  const entries = node?.kind === "map" ? [...node.entries] : [];
  if (node === undefined || isNull(node) || (node.kind === "map" && entries.length === 0)) {
    const expected = "one at least, for example metrics with receivers and exporters";
    report(error("no_pipelines", keyRangeAt(root, path), "there are no pipelines", { expected }));
  }
  return entries.map(([id, { key, value }]) => ({ id, key, node: value }));
}

function checkPipeline(
  { id: written, key, node }: Written,
  declared: DeclaredByKind,
  context: CheckContext,
): WrittenPipeline | undefined {
  const id = parsePipelineId(written);
  if (typeof id === "string") {
    const suggestion = nearest(written.split("/")[0]!, SIGNALS);
    context.report(
      error("bad_pipeline_id", key, `"${written}" cannot be the name of a pipeline: ${id}`, {
        suggestion,
        expected: `${oneOf(SIGNALS)}, and where needed a name: metrics/2`,
      }),
    );
    return undefined;
  }
  // A pipeline of the wrong shape is reported by the schema.
  if (node.kind !== "map" && !isNull(node)) return undefined;
  const path = ["service", "pipelines", written];
  const references = ROLES.flatMap((role) => {
    const list = childOf(node, role);
    if (role !== "processors" && isEmptyList(list)) {
      const expected = `at least one ${role === "receivers" ? "receiver" : "exporter"}`;
      context.report(
        error("empty_pipeline", keyRangeAt(context.root, [...path, role]), `the pipeline ${written} has no ${role}`, {
          expected,
        }),
      );
    }
    return checkReferences(list, role, { pipeline: written, signal: id.signal }, declared, context);
  });
  const idsOf = (role: Reference["role"]) =>
    references.filter((reference) => reference.role === role).map(({ id }) => id);
  return {
    id: id.name === "" ? id.signal : `${id.signal}/${id.name}`,
    signal: id.signal,
    receivers: idsOf("receivers"),
    processors: idsOf("processors"),
    exporters: idsOf("exporters"),
    key,
    references,
  };
}

const isEmptyList = (node: ConfigNode | undefined) =>
  node === undefined || isNull(node) || (node.kind === "list" && node.items.length === 0);
