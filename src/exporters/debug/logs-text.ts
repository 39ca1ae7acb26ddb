import type { LogRecord, LogsBatch } from "../../model/log-records.ts";
import { byResource, byScope, type SignalText } from "./signal-text.ts";
import { attributesText, counted, nanosTimeText, valueText, word } from "./words.ts";

export const logsText: SignalText<LogsBatch> = {
  count({ records }) {
    const resources = new Set(records.map(({ resource }) => resource)).size;
    return [counted(resources, "resource"), counted(records.length, "log record")];
  },

  lines: ({ records }) => byResource(records, resourceOf, (group) => group.map(recordText)),

  details: ({ records }) =>
    byResource(records, resourceOf, (group) => byScope(group, scopeOf, (ofScope) => ofScope.flatMap(recordDetails))),
};

const resourceOf = ({ resource }: LogRecord) => resource;
const scopeOf = ({ scope }: LogRecord) => scope;

function recordText(record: LogRecord): string {
  const { eventName, body, attributes } = record;
  const parts = [
    nanosTimeText(timeOf(record)),
    severity(record),
    eventName === undefined ? "" : word(eventName),
    body === undefined ? "" : valueText(body),
    attributesText(attributes),
  ];
  return parts.filter(Boolean).join(" ");
}

function recordDetails(record: LogRecord): string[] {
  const { observedTimeNanos, severityNumber, traceId, spanId } = record;
  const ids = [traceId && `trace ${traceId}`, spanId && `span ${spanId}`].filter(Boolean).join(" ");
  return [
    recordText(record),
    `  observed ${nanosTimeText(observedTimeNanos)}, severity ${severityNumber}`,
    ...(ids === "" ? [] : [`  ${ids}`]),
  ];
}

/** A record without a time of its own has that of its arrival. */
const timeOf = ({ timeNanos, observedTimeNanos }: LogRecord) => (timeNanos === 0n ? observedTimeNanos : timeNanos);

const severity = ({ severityText, severityNumber }: LogRecord) =>
  severityText === "" ? (severityNumber === 0 ? "" : `severity-${severityNumber}`) : word(severityText);
