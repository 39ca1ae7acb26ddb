import type { Resource, Scope } from "../../model/series.ts";
import type { ByContext } from "./conditions.ts";

/**
 * Whether everything of a resource, or of a scope of it, is dropped. Spans and log records of one resource come one
 * after the other, so the last answer is remembered and no more.
 */
export function wholeScopes({ resource: ofResource, scope: ofScope }: ByContext<"resource" | "scope">) {
  let last: { readonly resource: Resource; readonly scope: Scope; readonly dropped: boolean } | undefined;
  return ({ resource, scope }: { readonly resource: Resource; readonly scope: Scope }): boolean => {
    if (last === undefined || last.resource !== resource || last.scope !== scope) {
      const dropped = ofResource.test({ resource }) || ofScope.test({ resource, scope });
      last = { resource, scope, dropped };
    }
    return last.dropped;
  };
}
