import { lastResource } from "../../kit/last-resource.ts";
import type { ResourceSubject } from "../../kit/ottl/contexts/resource.ts";
import type { ScopeSubject } from "../../kit/ottl/contexts/scope.ts";
import type { Step } from "../../kit/ottl/steps.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import type { Span, SpanEvent } from "../../model/spans.ts";

/** What a span becomes: the same where nothing changes. */
export function spanEdit(
  steps: readonly Step<"resource" | "scope" | "span" | "spanevent">[],
  table: SeriesTable,
): (span: Span) => Span {
  const edits = steps.map((step): ((span: Span) => Span) => {
    switch (step.context) {
      case "resource":
        return ofResource(step.run);
      case "scope":
        return ofScope(step.run);
      case "span":
        return step.run;
      case "spanevent":
        return (span) => ofEvents(step.run, span);
      default:
        return step satisfies never;
    }
  });
  return (span) =>
    withInterned(
      edits.reduce((edited, edit) => edit(edited), span),
      span,
      table,
    );
}

/** What a log record becomes: the same where nothing changes. */
export function recordEdit(
  steps: readonly Step<"resource" | "scope" | "log">[],
  table: SeriesTable,
): (record: LogRecord) => LogRecord {
  const edits = steps.map((step): ((record: LogRecord) => LogRecord) => {
    switch (step.context) {
      case "resource":
        return ofResource(step.run);
      case "scope":
        return ofScope(step.run);
      case "log":
        return step.run;
      default:
        return step satisfies never;
    }
  });
  return (record) =>
    withInterned(
      edits.reduce((edited, edit) => edit(edited), record),
      record,
      table,
    );
}

function ofResource<T extends ResourceSubject>(run: (subject: ResourceSubject) => ResourceSubject): (item: T) => T {
  const edited = lastResource((resource) => run({ resource }).resource);
  return (item) => {
    const resource = edited(item.resource);
    return resource === item.resource ? item : { ...item, resource };
  };
}

function ofScope<T extends ScopeSubject>(run: (subject: ScopeSubject) => ScopeSubject): (item: T) => T {
  return (item) => {
    const { resource, scope } = run({ resource: item.resource, scope: item.scope });
    return resource === item.resource && scope === item.scope ? item : { ...item, resource, scope };
  };
}

/** An event's statements can change its span as well, which the next event's see. */
function ofEvents(run: Extract<Step<"spanevent">, unknown>["run"], span: Span): Span {
  let edited = span;
  const events: SpanEvent[] = [];
  for (const event of span.events) {
    const after = run({ span: edited, event });
    edited = after.span;
    events.push(after.event);
  }
  return events.every((event, index) => event === span.events[index]) ? edited : { ...edited, events };
}

/** What statements made of the resource and the scope, as the table's own: they are compared by reference. */
function withInterned<T extends ScopeSubject>(item: T, before: T, table: SeriesTable): T {
  if (item.resource === before.resource && item.scope === before.scope) return item;
  const { attributes, name, version } = item.scope;
  return {
    ...item,
    resource: table.resource(item.resource.attributes),
    scope: table.scope(name, version, attributes),
  };
}
