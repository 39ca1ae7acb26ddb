import type { Resource } from "../../../model/series.ts";
import { context, type Paths } from "./context.ts";
import { attributes } from "./writing.ts";

export interface ResourceSubject {
  readonly resource: Resource;
}

export function resourcePaths<S extends ResourceSubject>(): Paths<S> {
  return {
    attributes: {
      type: "map",
      reach: "resource",
      indexable: true,
      read: ({ resource }) => resource.attributes,
      write: (subject, value) => ({ ...subject, resource: { attributes: attributes(value) } }),
    },
  };
}

export const resourceContext = context<ResourceSubject>("resource", resourcePaths(), {}, {});
