import { nearest } from "../lib/nearest.ts";
import type { CheckContext, Declared, DeclaredByKind } from "./check-components.ts";
import { fedExporters } from "./check-feeds.ts";
import { KINDS_IN_ROLE } from "./check-references.ts";
import type { CheckedService } from "./check-service.ts";
import { error, warning } from "./finding.ts";

/** Finds components that nothing uses: they are checked and never run. */
export function checkUse(declared: DeclaredByKind, service: CheckedService, context: CheckContext): void {
  if (!service.complete) return;
  const { report } = context;
  const used = new Set([...usedComponents(declared, service), ...fedExporters(declared, service, context)]);
  for (const { byId } of Object.values(declared)) {
    for (const unused of byId.values()) {
      if (used.has(unused) || unused.component === undefined) continue;
      const where = unused.kind === "extension" ? "service.extensions does not name it" : "no pipeline uses it";
      const message = `the ${unused.kind} ${unused.text} is defined, but ${where}`;
      // A component that only `--set` made was meant to be an existing one.
      const bySet = unused.key.source.origin === "set";
      report(bySet ? error("unused_set", unused.key, message) : warning("unused_component", unused.key, message));
    }
  }
}

/** Also those that a misspelt reference was meant for: that is one mistake, not two. */
function usedComponents(declared: DeclaredByKind, service: CheckedService): ReadonlySet<Declared> {
  const used = new Set<Declared>();
  const add = (component: Declared | undefined) => component && used.add(component);
  const references = service.pipelines.flatMap((pipeline) => pipeline.references);
  for (const { id, role, declared: target } of [...references, ...service.extensions]) {
    add(target);
    if (target) continue;
    for (const kind of KINDS_IN_ROLE[role]) {
      const { byId } = declared[kind];
      add(byId.get(nearest(id, byId.keys()) ?? ""));
    }
  }
  return used;
}
