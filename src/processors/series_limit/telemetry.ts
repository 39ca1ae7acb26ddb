import type { MetricDescription } from "../../component/meter.ts";

export const STREAMS: MetricDescription = {
  name: "gostcol_series_limit_streams",
  description: "Streams with series of their own (own), and those that are a part of the other series (other).",
  unit: "{stream}",
};

export const MOVES: MetricDescription = {
  name: "gostcol_series_limit_moves",
  description:
    "Streams that got series of their own after they were a part of others (in), and that lost theirs (out).",
  unit: "{stream}",
};

export const DROPPED: MetricDescription = {
  name: "gostcol_series_limit_dropped",
  description:
    "Points that could not be added to a sum: of a series beyond the limit (limit), or older than its last (out_of_order).",
  unit: "{datapoint}",
};

export const telemetry = [STREAMS, MOVES, DROPPED];
