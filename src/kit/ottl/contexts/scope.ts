import type { Scope } from "../../../model/series.ts";
import { context, type Paths } from "./context.ts";
import { type ResourceSubject, resourcePaths } from "./resource.ts";
import { attributes, text } from "./writing.ts";

export interface ScopeSubject extends ResourceSubject {
  readonly scope: Scope;
}

export function scopePaths<S extends ScopeSubject>(): Paths<S> {
  return {
    name: {
      type: "string",
      reach: "scope",
      indexable: false,
      read: ({ scope }) => scope.name,
      write: (subject, value) => ({ ...subject, scope: { ...subject.scope, name: text(value) } }),
    },
    version: {
      type: "string",
      reach: "scope",
      indexable: false,
      read: ({ scope }) => scope.version,
      write: (subject, value) => ({ ...subject, scope: { ...subject.scope, version: text(value) } }),
    },
    attributes: {
      type: "map",
      reach: "scope",
      indexable: true,
      read: ({ scope }) => scope.attributes,
      write: (subject, value) => ({ ...subject, scope: { ...subject.scope, attributes: attributes(value) } }),
    },
  };
}

/** The contexts above any that has a scope; `instrumentation_scope` is the longer name of `scope`. */
export function upperPaths<S extends ScopeSubject>(): Readonly<Record<string, Paths<S>>> {
  return { resource: resourcePaths(), scope: scopePaths(), instrumentation_scope: scopePaths() };
}

export const scopeContext = context<ScopeSubject>("scope", scopePaths(), upperPaths(), {});
