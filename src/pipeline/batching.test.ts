import { expect, test } from "vitest";
import type { Batching } from "../component/delivery.ts";
import type { Signal } from "../model/signal.ts";
import { tellBatching } from "./batching.ts";
import type { PlannedNode } from "./plan.ts";

const plan = (key: string, targets: readonly string[], signal: Signal = "metrics"): PlannedNode => ({
  key,
  kind: "processor",
  id: key,
  pipelines: ["metrics"],
  takes: ["metrics", "logs"],
  links: targets.length === 0 ? [] : [{ signal, pipeline: "metrics", targets }],
});

function exporter(key: string, told: unknown[]) {
  const consumer = (signal: Signal) => ({
    consume() {},
    batching: (batching: Batching | undefined) => void told.push([key, signal, batching]),
  });
  return { plan: plan(key, []), instance: { metrics: consumer("metrics"), logs: consumer("logs") } };
}

const batch = (key: string, batching: Batching, ...targets: string[]) => ({
  plan: plan(key, targets),
  instance: { batching },
});

test("queues behind a batch processor are told, through whatever stands between, and the others that there is none", () => {
  const told: unknown[] = [];
  const batching = { itemsMin: 10, itemsMax: 20, flushTimeoutMs: 100 };
  tellBatching([
    exporter("a", told),
    exporter("b", told),
    { plan: plan("connector", ["a"], "logs"), instance: {} },
    batch("batch", batching, "connector"),
  ]);
  expect(told).toEqual([
    ["a", "metrics", undefined],
    ["a", "logs", batching],
    ["b", "metrics", undefined],
    ["b", "logs", undefined],
  ]);
});

test("a queue behind several takes the least of each; no limit is more than any", () => {
  const told: unknown[] = [];
  tellBatching([
    exporter("a", told),
    batch("one", { itemsMin: 10, itemsMax: 0, flushTimeoutMs: 100 }, "a"),
    batch("two", { itemsMin: 5, itemsMax: 30, flushTimeoutMs: 200 }, "a"),
    batch("three", { itemsMin: 7, itemsMax: 0, flushTimeoutMs: 300 }, "a"),
  ]);
  expect(told[0]).toEqual(["a", "metrics", { itemsMin: 5, itemsMax: 30, flushTimeoutMs: 100 }]);
});
