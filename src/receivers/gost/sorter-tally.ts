import type { Counter } from "../../component/meter.ts";
import type { Node } from "./node.ts";

/** Why an event of a report was not used. */
export type SkipReason =
  | "not_an_event"
  | "unknown_kind"
  | "unknown_type"
  | "unknown_state"
  | "bad_service"
  | "bad_client"
  | "bad_count"
  | "no_stats"
  | "no_status"
  | "series_limit";

/** What the sorter counts; a skipped event never fails its report, which GOST would send again for ever. */
export interface SorterTally {
  skipped(reason: SkipReason, node: Node): void;
  readonly clamped: Counter;
  readonly overflowed: Counter;
}
