import { expect, test } from "vitest";
import { nearest } from "./nearest.ts";

test.each([
  ["endpont", ["endpoint", "auth", "tls"], "endpoint"],
  ["tsl", ["endpoint", "auth", "tls"], "tls"],
  ["Prometheus", ["prometheus", "debug"], "prometheus"],
  ["delta_to_cumulativ", ["delta_to_cumulative", "dedupe"], "delta_to_cumulative"],
])("takes %s for %j", (name, candidates, meant) => {
  expect(nearest(name, candidates)).toBe(meant);
});

test("says nothing when nothing is near", () => {
  expect(nearest("kafka", ["prometheus", "debug", "nop"])).toBeUndefined();
  expect(nearest("NOPE", ["HOME", "PATH"])).toBeUndefined();
});
