import type { Span, SpanEvent } from "../../../model/spans.ts";
import { int } from "../value.ts";
import { context, type Paths, within } from "./context.ts";
import { upperPaths } from "./scope.ts";
import { SPAN_ENUMS, SPAN_PATHS } from "./span.ts";
import { attributes, nanoseconds, text } from "./writing.ts";

export interface SpanEventSubject {
  readonly span: Span;
  readonly event: SpanEvent;
}

const OWN: Paths<SpanEventSubject> = {
  name: {
    type: "string",
    reach: "item",
    indexable: false,
    read: ({ event }) => event.name,
    write: (subject, value) => ({ ...subject, event: { ...subject.event, name: text(value) } }),
  },
  attributes: {
    type: "map",
    reach: "item",
    indexable: true,
    read: ({ event }) => event.attributes,
    write: (subject, value) => ({ ...subject, event: { ...subject.event, attributes: attributes(value) } }),
  },
  time_unix_nano: {
    type: "int",
    reach: "item",
    indexable: false,
    read: ({ event }) => int(event.timeNanos),
    write: (subject, value) => ({ ...subject, event: { ...subject.event, timeNanos: nanoseconds(value) } }),
  },
};

/** Paths of a span, as paths of its event. */
const ofSpan = (paths: Paths<Span>): Paths<SpanEventSubject> =>
  within(
    paths,
    ({ span }: SpanEventSubject) => span,
    (subject, span) => ({ ...subject, span }),
  );

export const spaneventContext = context<SpanEventSubject>(
  "spanevent",
  OWN,
  Object.fromEntries(
    Object.entries({ span: SPAN_PATHS, ...upperPaths<Span>() }).map(([name, paths]) => [name, ofSpan(paths)]),
  ),
  SPAN_ENUMS,
);
