import type { Deps, Processor } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import { allEdits } from "../../kit/attribute-actions/attribute-edit.ts";
import { lastResource } from "../../kit/last-resource.ts";
import { SeriesMapping } from "../../kit/series-mapping.ts";
import type { Resource } from "../../model/series.ts";
import type { Config } from "./config.ts";

/** Changes the attributes of resources: for metrics once for each series. */
export function createResource(config: Config, { series: table }: Deps, next: Next): Processor {
  const edit = allEdits(config.attributes);
  const edited = lastResource((resource: Resource): Resource => {
    const attributes = edit(resource.attributes);
    return attributes === resource.attributes ? resource : table.resource(attributes);
  });
  const withResource = <T extends { readonly resource: Resource }>(item: T): T => {
    const resource = edited(item.resource);
    return resource === item.resource ? item : { ...item, resource };
  };
  const mapping = new SeriesMapping(table, withResource);
  return {
    metrics: { consume: (batch, delivery) => next.metrics?.consume(mapping.map(batch), delivery) },
    traces: { consume: ({ spans }, delivery) => next.traces?.consume({ spans: spans.map(withResource) }, delivery) },
    logs: { consume: ({ records }, delivery) => next.logs?.consume({ records: records.map(withResource) }, delivery) },
    async stop() {
      mapping.dispose();
    },
  };
}
