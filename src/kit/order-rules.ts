import type { OrderRule } from "../component/define.ts";

/** Processors that make other series of those that came. */
const CHANGE_SERIES = ["attributes", "group_by_attributes", "redaction", "resource", "series_limit", "transform"];

/** For a processor that has to see GOST's own series. */
export function beforeSeriesChange(because: string): readonly OrderRule[] {
  return CHANGE_SERIES.map((before) => ({ before, receiver: "gost", because }));
}
