import type { Attributes, AttributeValue } from "./attributes.ts";
import type { Resource, Scope } from "./series.ts";

/** Severity numbers of OpenTelemetry's log data model: 1-4 trace, 5-8 debug, 9-12 info, 13-16 warn, 17-20 error, 21-24 fatal. */
export const SEVERITY = { debug: 5, info: 9, warn: 13, error: 17 } as const;

/** One log record. Times are whole nanoseconds since the epoch; 0 means unknown. Ids are lower-case hexadecimal. */
export interface LogRecord {
  readonly resource: Resource;
  readonly scope: Scope;
  readonly timeNanos: bigint;
  readonly observedTimeNanos: bigint;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName?: string;
  readonly body?: AttributeValue;
  readonly attributes: Attributes;
  /** W3C trace flags in the lowest 8 bits. */
  readonly flags?: number;
  /** How many its sender left out. */
  readonly droppedAttributes?: number;
  readonly traceId?: string;
  readonly spanId?: string;
}

/** Log records that travel together; immutable. */
export interface LogsBatch {
  readonly records: readonly LogRecord[];
}
