import type { Log } from "../../component/log.ts";
import type { Metric, Series } from "../../model/series.ts";
import type { DropReason, Telemetry } from "./telemetry.ts";

/** What a person can do about it; the metric's name is told beside it. */
const ADVICE: Readonly<Record<DropReason, string>> = {
  delta_up_down: "a sum of deltas that can fall has no form in Prometheus; put delta_to_cumulative in front",
  duplicate:
    "two series have one name and the same labels; the first is shown. Give their resources a service.instance.id each, or keep the labels that tell them apart",
  invalid_name: "nothing of the metric's name is left in Prometheus' characters; another translation_strategy keeps it",
  misaligned: "a histogram of deltas overlaps the one before; is it sent twice?",
  out_of_order: "an older point arrived late; the newer one stays",
  series_limit: "limits.series is reached; further series are not shown",
  type_conflict: "the name is in use with another type; the first one stays",
  unspecified_temporality:
    "it is not known whether the values are deltas; put the delta_to_cumulative processor in front",
  unsupported_type: "this type of metric is not supported yet",
};

/** Counts what is not shown and says why: each metric once for conflicts of its name, all else once in an interval. */
export class Drops {
  readonly #log: Log;
  readonly #telemetry: Telemetry;
  readonly #conflicts = new WeakSet<Metric>();

  constructor(log: Log, telemetry: Telemetry) {
    this.#log = log;
    this.#telemetry = telemetry;
  }

  drop(reason: DropReason, { metric, resource, attributes }: Series): void {
    this.#telemetry.dropped(reason);
    if (reason === "type_conflict") {
      if (!this.#isNews(metric)) return;
      this.#telemetry.conflict("type");
      this.#log.warn(`${metric.name} is not shown: ${ADVICE[reason]}`, { metric: metric.name, type: metric.type });
    } else {
      this.#log.limited(reason).warn(`points are not shown: ${ADVICE[reason]}`, {
        reason,
        metric: metric.name,
        attributes,
        resource: resource.attributes,
      });
    }
  }

  /** The name is in use with another help: the first is kept, and nothing is dropped. */
  helpConflict(metric: Metric, kept: string): void {
    if (!this.#isNews(metric)) return;
    this.#telemetry.conflict("help");
    this.#log.info(`${metric.name} comes with two descriptions; the first is shown`, {
      kept,
      left: metric.description,
    });
  }

  #isNews(metric: Metric): boolean {
    if (this.#conflicts.has(metric)) return false;
    this.#conflicts.add(metric);
    return true;
  }
}
