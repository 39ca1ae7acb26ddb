import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report } from "../../../test/support/gost-streams.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import type { TracesBatch } from "../../model/spans.ts";
import { countConnector } from "./index.ts";
import { FAILED_CONDITIONS } from "./telemetry.ts";

function rigWith(config: object) {
  const rig = componentRig(countConnector, countConnector.config.parse(config));
  const shown = () =>
    (rig.handedOn as MetricsBatch[]).flatMap((batch) =>
      allPoints(batch).map(({ series, value }) => [series.metric.name, series.attributes, value]),
    );
  return { rig, shown };
}

test("everything is counted under the Collector's names, values of rows among it, as deltas of its resource", async () => {
  const { rig, shown } = rigWith({});
  const both = { ...report(rig.series, 1_000, { alice: [1, 2, 3, 4, 5] }), points: metricsBatch(2, rig.series).points };
  await rig.consume("metrics", both);
  expect(shown()).toEqual([
    ["metric.data_point.count", {}, 5],
    ["metric.data_point.count", {}, 2],
    ["metric.count", {}, 5],
    ["metric.count", {}, 1],
  ]);
  const [first] = allPoints(rig.handedOn[0] as MetricsBatch);
  expect(first!.series.resource).toBe(both.rows[0]!.series[0]!.resource);
  expect(first!.series.metric).toMatchObject({ type: "sum", temporality: "delta", monotonic: true, number: "int" });
});

test("spans, their events and log records are counted", async () => {
  const { rig, shown } = rigWith({});
  const sample = (name: string) => SAMPLES.find((one) => one.name === name)!.batch(rig.series);
  const { spans } = sample("traces") as TracesBatch;
  const event = { timeNanos: 1n, name: "e", attributes: {} };
  await rig.consume("traces", { spans: [{ ...spans[0]!, events: [event, event] }, spans[0]!] });
  await rig.consume("logs", sample("logs"));
  expect(shown()).toEqual([
    ["trace.span.count", {}, 2],
    ["trace.span.event.count", {}, 2],
    ["log.record.count", {}, 1],
  ]);
});

test("by conditions and attributes; what has no such attribute is the default, or not counted", async () => {
  const { rig, shown } = rigWith({
    logs: {
      warned: { conditions: ["severity_number >= 13", 'Len(attributes["none"]) > 0'], attributes: [{ key: "who" }] },
      all: { attributes: [{ key: "who", default_value: "nobody" }] },
    },
  });
  const [record] = (SAMPLES.find(({ name }) => name === "logs")!.batch(rig.series) as LogsBatch).records;
  const by = (severityNumber: number, attributes: object) => ({
    ...record!,
    severityNumber,
    attributes: { ...attributes },
  });
  await rig.consume("logs", { records: [by(13, { who: "a" }), by(13, {}), by(9, { who: "a" }), by(17, { who: "a" })] });
  expect(shown()).toEqual([
    ["warned", { who: "a" }, 2],
    ["all", { who: "a" }, 3],
    ["all", { who: "nobody" }, 1],
  ]);
  expect(rig.deps.meter.counter(FAILED_CONDITIONS).value).toBe(1);
});

test("where nothing is counted nothing is handed on", async () => {
  const { rig } = rigWith({
    datapoints: { none: { conditions: ["value_int > 100"] } },
    metrics: { none: { conditions: ["false"] } },
  });
  await rig.consume("metrics", metricsBatch(2, rig.series));
  expect(rig.handedOn).toEqual([]);
});
