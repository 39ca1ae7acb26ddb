import type { Attributes } from "./attributes.ts";
import type { Resource, Scope } from "./series.ts";

export type SpanKind = "internal" | "server" | "client" | "producer" | "consumer";

/** One span. Times are whole nanoseconds since the epoch; ids are lower-case hexadecimal (16 and 8 bytes). */
export interface Span {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly status: { readonly code: "unset" | "ok" | "error"; readonly message?: string };
}

export interface SpanEvent {
  readonly timeNanos: bigint;
  readonly name: string;
  readonly attributes: Attributes;
}

/** Spans that travel together; immutable. */
export interface TracesBatch {
  readonly spans: readonly Span[];
}
