import type { Counter, Meter, MetricDescription } from "../../component/meter.ts";

const SCRAPES: MetricDescription = {
  name: "gostcol_exporter_prometheus_scrapes",
  description: "Answered scrapes, by format.",
  unit: "{scrape}",
};

const SERIES: MetricDescription = {
  name: "gostcol_exporter_prometheus_series",
  description: "Series that a scrape shows.",
  unit: "{series}",
};

const CONFLICTS: MetricDescription = {
  name: "gostcol_exporter_prometheus_conflicts",
  description: "Metrics whose name is in use with another type (they are dropped) or another help (the first is kept).",
  unit: "{metric}",
};

const DROPPED: MetricDescription = {
  name: "gostcol_exporter_prometheus_dropped",
  description: "Points that are not shown, by reason.",
  unit: "{datapoint}",
};

const EXPIRED: MetricDescription = {
  name: "gostcol_exporter_prometheus_expired",
  description: "Series that were taken out for want of news.",
  unit: "{series}",
};

export const TELEMETRY = [SCRAPES, SERIES, CONFLICTS, DROPPED, EXPIRED] as const;

const DROP_REASONS = [
  "delta_up_down",
  "duplicate",
  "invalid_name",
  "misaligned",
  "out_of_order",
  "series_limit",
  "type_conflict",
  "unspecified_temporality",
  "unsupported_type",
] as const;

/** Why a point is not shown. */
export type DropReason = (typeof DROP_REASONS)[number];

/** The exporter's own numbers. */
export class Telemetry {
  readonly expired: Counter;
  readonly #meter: Meter;
  readonly #dropped: Readonly<Record<DropReason, Counter>>;

  constructor(meter: Meter) {
    this.#meter = meter;
    this.expired = meter.counter(EXPIRED);
    this.#dropped = Object.fromEntries(
      DROP_REASONS.map((reason) => [reason, meter.counter(DROPPED, { reason })]),
    ) as Record<DropReason, Counter>;
  }

  dropped(reason: DropReason): void {
    this.#dropped[reason].value++;
  }

  conflict(kind: "type" | "help"): void {
    this.#meter.counter(CONFLICTS, { kind }).value++;
  }

  scraped(format: "text" | "openmetrics"): void {
    this.#meter.counter(SCRAPES, { format }).value++;
  }

  /** Until the returned function is called. */
  showSeries(count: () => number): () => void {
    return this.#meter.gauge(SERIES, () => [{ value: count() }]);
  }
}
