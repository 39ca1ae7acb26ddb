import type { CheckedConfig } from "../config/checked-config.ts";
import { type Plan, planGraph } from "../pipeline/plan.ts";

/** The configuration was checked, so that a plan cannot be made of it is a bug. */
export function planOf({ service, ...sections }: CheckedConfig): Plan {
  const planned = planGraph({
    pipelines: [...service.pipelines.values()],
    extensions: service.extensions,
    feeds(id) {
      const { definition, config } = sections.exporters.get(id)!;
      if (definition.kind !== "exporter") return [];
      return definition.feeds?.(config).map(({ exporter }) => exporter) ?? [];
    },
    definition: (kind, id) => sections[`${kind}s`].get(id)?.definition,
  });
  if ("plan" in planned) return planned.plan;
  throw new Error(`BUG: a checked configuration has problems: ${planned.problems.map(({ message }) => message)}`);
}
