import type { Metric } from "../../src/model/series.ts";

/** What a client moved, as it leaves `delta_to_cumulative`: the metric of tests that need any counter. */
export const COUNTER: Metric = {
  name: "gost.client.io",
  unit: "By",
  description: "",
  type: "sum",
  monotonic: true,
  temporality: "cumulative",
  number: "int",
};
