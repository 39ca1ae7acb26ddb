import type { Resource } from "../model/series.ts";

/**
 * What something makes of a resource, worked out once for those that follow on each other: spans and log records of one
 * resource come one after the other, so the last answer is remembered and no more.
 */
export function lastResource<T>(make: (resource: Resource) => T): (resource: Resource) => T {
  let last: { readonly of: Resource; readonly made: T } | undefined;
  return (resource) => {
    if (last?.of !== resource) last = { of: resource, made: make(resource) };
    return last.made;
  };
}
