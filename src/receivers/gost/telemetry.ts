import type { Counter, Meter, MetricDescription } from "../../component/meter.ts";

/** The receiver's own numbers. */
export const TELEMETRY = {
  requests: {
    name: "gostcol_receiver_gost_requests",
    description: "Requests by transport and outcome: taken, refused, malformed, unauthenticated or not_supported.",
    unit: "{request}",
  },
  rejected: {
    name: "gostcol_receiver_gost_rejected",
    description: "Requests that were not answered with success, by reason.",
    unit: "{request}",
  },
  skipped: {
    name: "gostcol_receiver_gost_skipped_events",
    description: "Events of accepted reports that could not be used, by reason.",
    unit: "{event}",
  },
  clamped: {
    name: "gostcol_receiver_gost_clamped_counts",
    description: "Counts that were negative (0 instead) or too large to be exact (2^53-1 instead).",
    unit: "{count}",
  },
  overflowed: {
    name: "gostcol_receiver_gost_overflowed_events",
    description: "Events of clients beyond the limit of series whose bytes went to their service's overflow series.",
    unit: "{event}",
  },
  nodeReports: {
    name: "gostcol_receiver_gost_node_reports",
    description: "Reports of each node that is known; it begins anew after a node was forgotten.",
    unit: "{report}",
  },
  lostStatuses: {
    name: "gostcol_receiver_gost_lost_statuses",
    description: "Reports of nothing but status events that were refused: GOST does not send them again.",
    unit: "{report}",
  },
  openConnections: {
    name: "gostcol_receiver_gost_open_connections",
    description: "Connections that are open.",
    unit: "{connection}",
  },
  series: {
    name: "gostcol_receiver_gost_series",
    description: "Series by node.",
    unit: "{series}",
  },
} as const satisfies Readonly<Record<string, MetricDescription>>;

/** A family of counters told apart by one attribute or two, each made when it first counts. */
export class Tally {
  readonly #counters = new Map<string, Map<string, Counter>>();
  readonly #meter: Meter;
  readonly #description: MetricDescription;
  readonly #names: readonly string[];

  constructor(meter: Meter, description: MetricDescription, ...names: readonly [string] | readonly [string, string]) {
    this.#meter = meter;
    this.#description = description;
    this.#names = names;
  }

  /** Counts one under these values, in the order of the names. */
  add(first: string, second = ""): void {
    let ofFirst = this.#counters.get(first);
    if (ofFirst === undefined) {
      ofFirst = new Map();
      this.#counters.set(first, ofFirst);
    }
    let counter = ofFirst.get(second);
    if (counter === undefined) {
      const values = [first, second];
      const attributes = Object.fromEntries(this.#names.map((name, index) => [name, values[index]!]));
      counter = this.#meter.counter(this.#description, attributes);
      ofFirst.set(second, counter);
    }
    counter.value++;
  }
}
