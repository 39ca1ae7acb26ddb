import type { Attributes } from "./attributes.ts";
import type { Resource, Scope } from "./series.ts";

export type SpanKind = "unspecified" | "internal" | "server" | "client" | "producer" | "consumer";

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
  readonly links?: readonly SpanLink[];
  /** W3C trace flags in the lowest 8 bits, and OTLP's own above. */
  readonly flags?: number;
  /** How many its sender left out. */
  readonly droppedAttributes?: number;
  readonly droppedEvents?: number;
  readonly droppedLinks?: number;
  readonly status: { readonly code: "unset" | "ok" | "error"; readonly message?: string };
}

export interface SpanEvent {
  readonly timeNanos: bigint;
  readonly name: string;
  readonly attributes: Attributes;
  readonly droppedAttributes?: number;
}

/** A span of this or another trace that has to do with this one. */
export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceState?: string;
  readonly attributes: Attributes;
  readonly droppedAttributes?: number;
  readonly flags?: number;
}

/** Spans that travel together; immutable. */
export interface TracesBatch {
  readonly spans: readonly Span[];
}
