/**
 * The names of states in a store: `processor:delta_to_cumulative/eu@metrics/a` is what one instance keeps, with the
 * pipeline where its id stands in several. Its scopes have the same name, or that with `#` and the name of a part.
 */

/** The owner of a scope; of those that are known the one that fits, since an id may have a `#` of its own. */
export function ownerOf(scope: string, known: Iterable<string> = []): string {
  let found: string | undefined;
  for (const owner of known) {
    if (isScopeOf(scope, owner) && owner.length > (found?.length ?? 0)) found = owner;
  }
  return found ?? scope.slice(0, scope.includes("#") ? scope.lastIndexOf("#") : undefined);
}

export function isScopeOf(scope: string, owner: string): boolean {
  return scope === owner || (scope.startsWith(`${owner}#`) && !scope.includes("#", owner.length + 1));
}

/** `processor:delta_to_cumulative/eu`, without the pipeline. */
export function idOf(owner: string): string {
  return owner.split("@", 1)[0]!;
}

/** `processor:delta_to_cumulative`, without a name. */
export function typeOf(owner: string): string {
  return idOf(owner).split("/", 1)[0]!;
}

/** The pipeline in the name; undefined where the id stands in one only. */
export function pipelineOf(owner: string): string | undefined {
  const at = owner.indexOf("@");
  return at < 0 ? undefined : owner.slice(at + 1);
}
