import type { LogRecord } from "../../../model/log-records.ts";
import type { Span } from "../../../model/spans.ts";
import type { Context, ContextName } from "./context.ts";
import { type DataPoint, datapointContext } from "./datapoint.ts";
import { logContext } from "./log.ts";
import { type MetricSubject, metricContext } from "./metric.ts";
import { type ResourceSubject, resourceContext } from "./resource.ts";
import { type ScopeSubject, scopeContext } from "./scope.ts";
import { spanContext } from "./span.ts";
import { type SpanEventSubject, spaneventContext } from "./spanevent.ts";

/** What the conditions of each context are asked about. */
export interface Subjects {
  readonly resource: ResourceSubject;
  readonly scope: ScopeSubject;
  readonly metric: MetricSubject;
  readonly datapoint: DataPoint;
  readonly span: Span;
  readonly spanevent: SpanEventSubject;
  readonly log: LogRecord;
}

export const CONTEXTS: { readonly [Name in ContextName]: Context<Subjects[Name]> } = {
  resource: resourceContext,
  scope: scopeContext,
  metric: metricContext,
  datapoint: datapointContext,
  span: spanContext,
  spanevent: spaneventContext,
  log: logContext,
};
