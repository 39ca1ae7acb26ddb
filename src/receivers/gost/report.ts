/**
 * One report as it was sent, decoded and not yet judged: each event is whatever the sender wrote. Both protocols give
 * the shape of the JSON one (`{kind, service, client?, type, stats?, status?}`), so that one piece of code reads both.
 */
export interface Report {
  readonly events: readonly unknown[];
  /** Event `index` again, with whole numbers from 2^53 on as `bigint`; costly, for the few reports that have such. */
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
