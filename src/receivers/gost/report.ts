import type { QuickEvents } from "./quick-json.ts";

/** A report that is well formed, and not yet judged. */
export type Report = RecognisedReport | ParsedReport;

/** A report of nothing but plain stats that was read without being parsed; most are. */
export interface RecognisedReport extends QuickEvents {
  /** The same report, parsed: for what the quick way has no answer to. */
  parsed(): ParsedReport;
}

/**
 * One report as it was sent: each event is whatever the sender wrote. Both protocols give the shape of the JSON one
 * (`{kind, service, client?, type, stats?, status?}`), so that one piece of code reads both.
 */
export interface ParsedReport {
  readonly events: readonly unknown[];
  /** Event `index` again, with whole numbers from 2^53 on as `bigint`; costly, for the few events that have such. */
  exactly(index: number): unknown;
}

/** Why a body is no report at all. `reason` is for counters, `message` for whoever sent it. */
export interface Malformed {
  readonly reason: MalformedReason;
  readonly message: string;
}

export type MalformedReason = "not_json" | "not_protobuf" | "no_events" | "recorder_record";

export function isMalformed(decoded: Report | Malformed): decoded is Malformed {
  return "reason" in decoded;
}

export function isRecognised(report: Report): report is RecognisedReport {
  return "signatures" in report;
}

export function eventCount(report: Report): number {
  return isRecognised(report) ? report.signatures.length : report.events.length;
}

/** How many of its events may be of somebody who never reported before. */
export function unmetCount(report: Report): number {
  if (!isRecognised(report)) return report.events.length;
  let count = 0;
  for (const { emitter } of report.signatures) if (emitter === undefined || emitter.forgotten) count++;
  return count;
}

/** Whether all that it brings are status events, which GOST sends once; stats come again until they are taken. */
export function isOnlyStatus(report: Report): boolean {
  return !isRecognised(report) && report.events.every(isStatus);
}

function isStatus(event: unknown): boolean {
  return typeof event === "object" && event !== null && "type" in event && event.type === "status";
}
