import type { MetricDescription } from "../../component/meter.ts";

export const DROPPED_REPORTS: MetricDescription = {
  name: "gostcol_dedupe_dropped_reports",
  description:
    "Reports that were dropped, by reason: `repeat` (the answer to the same report was not read), `assumed_repeat` (nobody knows), `stale` (a copy that came after the repeat was read).",
  unit: "{report}",
};
export const DROPPED_POINTS: MetricDescription = {
  name: "gostcol_dedupe_dropped_points",
  description: "Points of the reports that were dropped, by the same reasons.",
  unit: "{datapoint}",
};
export const REFUSED_REPORTS: MetricDescription = {
  name: "gostcol_dedupe_refused_reports",
  description: "Reports that were refused because it was too early to say whether they repeat another.",
  unit: "{report}",
};
export const FORGOTTEN_REPORTS: MetricDescription = {
  name: "gostcol_dedupe_forgotten_reports",
  description: "Unsure reports that had to be forgotten for want of room: their repeats would count twice.",
  unit: "{report}",
};
export const UNEXAMINED_REPORTS: MetricDescription = {
  name: "gostcol_dedupe_unexamined_reports",
  description: "Reports of sources beyond `max_sources`: their repeats would count twice.",
  unit: "{report}",
};
export const SOURCES: MetricDescription = {
  name: "gostcol_dedupe_sources",
  description: "Sources that are remembered.",
  unit: "{source}",
};

export const telemetry = [
  DROPPED_REPORTS,
  DROPPED_POINTS,
  REFUSED_REPORTS,
  FORGOTTEN_REPORTS,
  UNEXAMINED_REPORTS,
  SOURCES,
] as const;
