import type { Deps, Processor } from "../../component/component.ts";
import type { Next } from "../../component/delivery.ts";
import { allEdits } from "../../kit/attribute-actions/attribute-edit.ts";
import { SeriesMapping } from "../../kit/series-mapping.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { Series } from "../../model/series.ts";
import type { Span } from "../../model/spans.ts";
import type { Config } from "./config.ts";
import type { Item, ItemName } from "./selection.ts";

/** Changes the attributes of data points, spans and log records: for metrics once for each series. */
export function createAttributes(config: Config, { series: table }: Deps, next: Next): Processor {
  const { include, exclude } = config;
  const edit = allEdits(config.actions);
  const edited = <T extends Item>(item: T, name: ItemName): T => {
    if (include?.(item, name) === false || exclude?.(item, name) === true) return item;
    const attributes = edit(item.attributes);
    return attributes === item.attributes ? item : { ...item, attributes };
  };
  const ofSpan = (span: Span) => edited(span, { spanName: span.name });
  const ofRecord = (record: LogRecord) => edited(record, { logBody: record.body });
  const mapping = new SeriesMapping(table, (series: Series) => edited(series, { metricName: series.metric.name }));
  return {
    metrics: { consume: (batch, delivery) => next.metrics?.consume(mapping.map(batch), delivery) },
    traces: { consume: ({ spans }, delivery) => next.traces?.consume({ spans: spans.map(ofSpan) }, delivery) },
    logs: { consume: ({ records }, delivery) => next.logs?.consume({ records: records.map(ofRecord) }, delivery) },
    async stop() {
      mapping.dispose();
    },
  };
}
