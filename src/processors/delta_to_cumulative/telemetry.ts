import type { Deps } from "../../component/component.ts";
import type { Counter, MetricDescription } from "../../component/meter.ts";
import type { PlainError } from "./plain-sums.ts";

const DATAPOINTS: MetricDescription = {
  name: "otelcol_deltatocumulative_datapoints",
  description: "Data points that were made cumulative; with `error`, that were dropped instead.",
  unit: "{datapoint}",
};
const STREAMS_TRACKED: MetricDescription = {
  name: "otelcol_deltatocumulative_streams_tracked",
  description: "Totals that are kept.",
  unit: "{stream}",
};
const STREAMS_LIMIT: MetricDescription = {
  name: "otelcol_deltatocumulative_streams_limit",
  description: "How many totals may be kept.",
  unit: "{stream}",
};
const STREAMS_MAX_STALE: MetricDescription = {
  name: "otelcol_deltatocumulative_streams_max_stale",
  description: "How long a series without a source keeps its total after its last point.",
  unit: "s",
};
const LIVES: MetricDescription = {
  name: "gostcol_delta_to_cumulative_lives",
  description: "Times that a source's counters began again, by what told it: `restart`, `reload`, `epoch`.",
  unit: "{life}",
};
const FALLS: MetricDescription = {
  name: "gostcol_delta_to_cumulative_untold_falls",
  description: "Streams whose counters fell without a sign of the source's life that explains it.",
  unit: "{fall}",
};
const PROOFS: MetricDescription = {
  name: "gostcol_delta_to_cumulative_delta_proofs",
  description: "Lives of sources whose reports proved that they count since the last report.",
  unit: "{proof}",
};

const REFUSED: MetricDescription = {
  name: "gostcol_delta_to_cumulative_refused_reports",
  description:
    "Reports that were refused because it was too early to say whether a restart or a reload was before them.",
  unit: "{report}",
};
const ARCHIVED: MetricDescription = {
  name: "gostcol_delta_to_cumulative_archived_streams",
  description: "Totals in the archive: of streams that were not reported for `archive_after`.",
  unit: "{stream}",
};
const RETURNED: MetricDescription = {
  name: "gostcol_delta_to_cumulative_returned_streams",
  description: "Totals that were taken back from the archive, for they were reported again.",
  unit: "{stream}",
};

export const telemetry = [
  DATAPOINTS,
  STREAMS_TRACKED,
  STREAMS_LIMIT,
  STREAMS_MAX_STALE,
  LIVES,
  FALLS,
  PROOFS,
  REFUSED,
  ARCHIVED,
  RETURNED,
] as const;

export interface Counters {
  readonly counted: Counter;
  readonly dropped: Readonly<Record<PlainError | "limit" | "not_a_count", Counter>>;
  readonly lives: Readonly<Record<"restart" | "reload" | "epoch", Counter>>;
  readonly falls: Counter;
  readonly proofs: Counter;
  readonly refused: Counter;
  readonly returned: Counter;
}

export function countersOf({ meter }: Deps): Counters {
  const dropped = (error: string) => meter.counter(DATAPOINTS, { error });
  const lives = (sign: string) => meter.counter(LIVES, { sign });
  return {
    counted: meter.counter(DATAPOINTS),
    dropped: {
      "delta.ErrOlderStart": dropped("delta.ErrOlderStart"),
      "delta.ErrOutOfOrder": dropped("delta.ErrOutOfOrder"),
      limit: dropped("limit"),
      not_a_count: dropped("not_a_count"),
    },
    lives: { restart: lives("restart"), reload: lives("reload"), epoch: lives("epoch") },
    falls: meter.counter(FALLS),
    proofs: meter.counter(PROOFS),
    refused: meter.counter(REFUSED),
    returned: meter.counter(RETURNED),
  };
}

/** Shows sizes and limits until the returned function is called. */
export function showSizes(
  { meter }: Deps,
  limits: { readonly streamsMax: number; readonly staleMs: number },
  sizes: { readonly tracked: () => number; readonly archived: () => number },
) {
  const ends = [
    meter.gauge(STREAMS_TRACKED, () => [{ value: sizes.tracked() }]),
    meter.gauge(ARCHIVED, () => [{ value: sizes.archived() }]),
    meter.gauge(STREAMS_LIMIT, () => [{ value: limits.streamsMax }]),
    meter.gauge(STREAMS_MAX_STALE, () => [{ value: limits.staleMs / 1000 }]),
  ];
  return () => {
    for (const end of ends) end();
  };
}
