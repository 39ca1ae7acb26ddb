import { formatDuration } from "../../lib/duration.ts";
import type { Span, TracesBatch } from "../../model/spans.ts";
import { byResource, byScope, type SignalText } from "./signal-text.ts";
import { attributesText, counted, nanosTimeText, word } from "./words.ts";

export const tracesText: SignalText<TracesBatch> = {
  count({ spans }) {
    const resources = new Set(spans.map(({ resource }) => resource)).size;
    return [counted(resources, "resource"), counted(spans.length, "span")];
  },

  lines: ({ spans }) => byResource(spans, resourceOf, (group) => group.map(spanText)),

  details: ({ spans }) =>
    byResource(spans, resourceOf, (group) => byScope(group, scopeOf, (ofScope) => ofScope.flatMap(spanDetails))),
};

const resourceOf = ({ resource }: Span) => resource;
const scopeOf = ({ scope }: Span) => scope;

function spanText(span: Span): string {
  const { name, kind, status, startNanos, endNanos, traceId, spanId, attributes } = span;
  const parts = [
    nanosTimeText(startNanos),
    word(name),
    kind,
    `took ${formatDuration(Number(endNanos - startNanos) / 1e6)}`,
    status.code === "unset" ? "" : status.code,
    status.message === undefined ? "" : word(status.message),
    `trace ${traceId} span ${spanId}`,
    attributesText(attributes),
  ];
  return parts.filter(Boolean).join(" ");
}

function spanDetails(span: Span): string[] {
  const { parentSpanId, traceState, endNanos, events } = span;
  const parent = parentSpanId === undefined ? "has no parent" : `parent ${parentSpanId}`;
  return [
    spanText(span),
    `  until ${nanosTimeText(endNanos)}, ${parent}${traceState ? `, state ${word(traceState)}` : ""}`,
    ...events.map(({ timeNanos, name, attributes }) =>
      `  event ${word(name)} at ${nanosTimeText(timeNanos)} ${attributesText(attributes)}`.trimEnd(),
    ),
  ];
}
