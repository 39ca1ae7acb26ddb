import type { ComponentKind } from "../component/id.ts";
import { Catalog, type Registry } from "../component/registry.ts";
import { type CheckContext, checkComponents, type DeclaredSection } from "./check-components.ts";
import { checkExtensions } from "./check-extensions.ts";
import { checkGraph } from "./check-graph.ts";
import { checkResources } from "./check-resources.ts";
import { checkService } from "./check-service.ts";
import { checkUse } from "./check-use.ts";
import type { CheckedConfig, ConfiguredComponent } from "./checked-config.ts";
import { error, type Finding, type ProblemCode } from "./finding.ts";
import { optionLookup } from "./option-schema.ts";
import type { Problem } from "./problem.ts";
import { type ConfigSource, readConfiguration } from "./read-configuration.ts";
import type { Surroundings } from "./read-source.ts";
import { foundText } from "./schema-issues.ts";
import { plainSecrets, redactedValue, secretFinder, secretRanges } from "./secrets.ts";
import { showProblems } from "./show-problems.ts";
import type { ConfigNode } from "./tree.ts";

export interface LoadOptions extends Surroundings {
  readonly registry: Registry;
  /** In the order in which they are laid over each other. */
  readonly configs: readonly ConfigSource[];
  /** `path.to.option=value`, laid over all of them. */
  readonly sets: readonly string[];
}

export interface LoadedConfig {
  /** Absent when there is an error among the problems. */
  readonly config?: CheckedConfig;
  /** Errors and warnings in the order of the sources and their lines. */
  readonly problems: readonly Problem[];
  /** The merged configuration as plain data, secrets covered: for printing. */
  readonly document: unknown;
  /** The files that it was read from, those of single values too, and those that could not be read: for watching. */
  readonly files: readonly string[];
}

/** From sources to a configuration that an agent can be built from, or to everything that is wrong with it. */
export async function loadConfig(options: LoadOptions, signal: AbortSignal): Promise<LoadedConfig> {
  const catalog = new Catalog(options.registry);
  const lookup = optionLookup(catalog);
  const isSecret = secretFinder(lookup);
  const read = await readConfiguration({ ...options, catalog, lookup }, signal);
  const findings: Finding[] = [...read.findings];
  const checked = read.unreadable
    ? undefined
    : check(read.root, {
        catalog,
        lookup,
        isSecret,
        report: (found) => findings.push(asUnusedSet(found)),
      });
  const problems = showProblems(findings, {
    sources: read.sources,
    covered: findings.length === 0 ? [] : secretRanges(read.trees, isSecret),
    unread: read.unreadable,
  });
  const failed = problems.some(({ severity }) => severity === "error");
  const warnings = problems.filter(({ severity }) => severity === "warning");
  return {
    ...(checked && !failed && { config: { ...checked, warnings } }),
    problems,
    document: redactedValue(read.root, isSecret),
    files: read.files,
  };
}

/** An unknown option is a slip in a file; in `--set` it means that the command line has no effect. */
function asUnusedSet(found: Finding): Finding {
  const bySet = found.range.source.origin === "set" && found.code === "unknown_option";
  return bySet ? { ...found, code: "unused_set" satisfies ProblemCode } : found;
}

function check(root: ConfigNode, given: Omit<CheckContext, "root">): Omit<CheckedConfig, "warnings"> | undefined {
  const { report } = given;
  if (root.kind !== "map") {
    const expected = "sections: receivers, processors, exporters, service";
    report(error("wrong_type", root.range, `the configuration is ${foundText(root, true)}`, { expected }));
    return undefined;
  }
  if (root.entries.size === 0) {
    const range = { ...root.range, end: root.range.start };
    report(
      error("empty_configuration", range, "the configuration is empty", {
        expected: "receivers, exporters and service",
      }),
    );
    return undefined;
  }
  const context: CheckContext = { ...given, root };
  const declared = checkComponents(context);
  const service = checkService(declared, context);
  checkExtensions(declared, service, context);
  checkUse(declared, service, context);
  checkGraph(declared, service, context);
  checkResources(declared, service, context);
  plainSecrets(root, given.lookup).forEach(report);
  const configured = (kind: ComponentKind) => configuredOf(declared[kind]);
  return {
    receivers: configured("receiver"),
    processors: configured("processor"),
    exporters: configured("exporter"),
    connectors: configured("connector"),
    extensions: configured("extension"),
    service: {
      extensions: service.extensions.map(({ id }) => id),
      pipelines: new Map(
        service.pipelines.map(({ id, signal, receivers, processors, exporters }) => [
          id,
          { id, signal, receivers, processors, exporters },
        ]),
      ),
      ...service.settings!,
    },
  };
}

function configuredOf({ byId }: DeclaredSection): ReadonlyMap<string, ConfiguredComponent> {
  return new Map([...byId.values()].flatMap(({ text, component }) => (component ? [[text, component] as const] : [])));
}
