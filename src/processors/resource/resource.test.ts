import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { report } from "../../../test/support/gost-streams.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import type { MetricsBatch } from "../../model/points.ts";
import type { TracesBatch } from "../../model/spans.ts";
import { resourceProcessor } from "./index.ts";

test("the resource of everything is another one, and one only", async () => {
  const config = resourceProcessor.config.parse({ attributes: [{ action: "insert", key: "site", value: "fra" }] });
  const rig = componentRig(resourceProcessor, config);
  for (const [signal, name] of [
    ["metrics", "metrics"],
    ["traces", "traces"],
    ["logs", "logs"],
  ] as const) {
    await rig.consume(signal, SAMPLES.find((sample) => sample.name === name)!.batch(rig.series));
  }
  const [metrics, traces, logs] = rig.handedOn as [MetricsBatch, TracesBatch, LogsBatch];
  const { resource } = traces.spans[0]!;
  expect(resource.attributes).toEqual({ "service.name": "test", site: "fra" });
  expect(logs.records[0]!.resource).toBe(resource);
  expect(metrics.points.every(({ series }) => series.resource === resource)).toBe(true);
});

test("a report's rows go on as rows", async () => {
  const config = resourceProcessor.config.parse({ attributes: [{ action: "delete", pattern: "." }] });
  const rig = componentRig(resourceProcessor, config);
  await rig.consume("metrics", report(rig.series, 1_000, { alice: [1, 2, 3, 4, 5] }));
  const [{ rows, points }] = rig.handedOn as [MetricsBatch];
  expect([rows.length, points.length]).toEqual([1, 0]);
  expect(rows[0]!.series.map(({ resource }) => resource.attributes)).toEqual(Array(5).fill({}));
});
