import type { Log } from "../../component/log.ts";
import type { Meter, MetricDescription } from "../../component/meter.ts";
import type { NoPlanReason } from "../../kit/prometheus/series-naming.ts";
import type { Series } from "../../model/series.ts";

export const LEFT_OUT: MetricDescription = {
  name: "gostcol_exporter_prometheus_remote_write_left_out",
  description: "Points that are not written, by reason",
  unit: "{datapoint}",
};

/** Why a point is not written. */
export type LeftOutReason = NoPlanReason | "delta" | "duplicate" | "out_of_order";

const ADVICE: Readonly<Record<LeftOutReason, string>> = {
  delta: "remote write has no deltas; put delta_to_cumulative in front",
  delta_up_down: "remote write has no deltas; put delta_to_cumulative in front",
  duplicate:
    "two series have one name and the same labels; the first is written. Give their resources a service.instance.id each, or keep the labels that tell them apart",
  invalid_name: "nothing of the metric's name is left in Prometheus' characters; another translation_strategy keeps it",
  out_of_order: "an older point arrived late; the newer one stays",
  unspecified_temporality:
    "it is not known whether the values are deltas; put the delta_to_cumulative processor in front",
  unsupported_type: "this type of metric is not supported yet",
};

/** A point that is not written. */
export interface LeftOut {
  readonly reason: LeftOutReason;
  readonly series: Series;
}

export function tellLeftOut({ reason, series }: LeftOut, meter: Meter, log: Log): void {
  meter.counter(LEFT_OUT, { reason }).value++;
  const { metric, attributes, resource } = series;
  log.limited(reason).warn(`points are not written: ${ADVICE[reason]}`, {
    reason,
    metric: metric.name,
    attributes,
    resource: resource.attributes,
  });
}
