import { expect, test } from "vitest";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report, type Stats } from "../../../test/support/gost-streams.ts";
import type { MetricDescription } from "../../component/meter.ts";
import type { LogRecord, LogsBatch } from "../../model/log-records.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import type { Span, TracesBatch } from "../../model/spans.ts";
import { filterProcessor } from "./index.ts";
import { FAILED_CONDITIONS, FILTERED } from "./telemetry.ts";

const STATS: Stats = [2, 1, 79, 865, 0];

function rigWith(config: object) {
  const rig = componentRig(filterProcessor, filterProcessor.config.parse(config));
  const send = async <B extends MetricsBatch | TracesBatch | LogsBatch>(
    signal: "metrics" | "traces" | "logs",
    batch: B,
  ): Promise<B | undefined> => {
    rig.handedOn.length = 0;
    const outcome = await rig.consume(signal, batch);
    if (!outcome.taken) throw outcome.refusal;
    expect(rig.handedOn.length).toBeLessThanOrEqual(1);
    return rig.handedOn[0] as B | undefined;
  };
  return {
    rig,
    metrics: (batch: MetricsBatch) => send("metrics", batch),
    traces: (batch: TracesBatch) => send("traces", batch),
    logs: (batch: LogsBatch) => send("logs", batch),
    counter: (description: MetricDescription) => rig.deps.meter.counter(description).value,
  };
}

const values = (batch: MetricsBatch | undefined) =>
  batch === undefined ? undefined : allPoints(batch).map(({ value }) => value);

test("data points are dropped where one of the conditions holds", async () => {
  const { rig, metrics, counter } = rigWith({
    metric_conditions: ['datapoint.attributes["index"] == 0', "datapoint.value_int > 3"],
  });
  expect(values(await metrics(metricsBatch(5, rig.series)))).toEqual([2, 3]);
  expect(counter(FILTERED.metrics)).toBe(3);
});

test("a batch that loses nothing is handed on as it came, and one that loses everything is not", async () => {
  const { rig, metrics } = rigWith({ metric_conditions: ['metric.name == "other"', "datapoint.value_int > 100"] });
  const batch = metricsBatch(3, rig.series);
  expect(await metrics(batch)).toBe(batch);
  const all = rigWith({ metrics: { metric: ['name == "test.bytes"'] } });
  expect(await all.metrics(metricsBatch(3, all.rig.series))).toBeUndefined();
});

test("both ways to write conditions do the same, from the resource down", async () => {
  const ways = [
    { metrics: { resource: ['attributes["service.name"] == "test"'] } },
    { metrics: { metric: ['unit == "By" and resource.attributes["service.name"] == "test"'] } },
    { metrics: { datapoint: ['metric.name == "test.bytes"'] } },
    { metric_conditions: ['resource.attributes["service.name"] == "test"'] },
    { metric_conditions: ['scope.name == "test"'] },
    { metric_conditions: [{ conditions: ['metric.name == "test.bytes"'] }] },
    { metric_conditions: [{ context: "datapoint", conditions: ["value_int > 0"] }] },
  ];
  for (const way of ways) {
    const { rig, metrics } = rigWith(way);
    expect([way, await metrics(metricsBatch(2, rig.series))]).toEqual([way, undefined]);
  }
});

test("of a row the values that are dropped are left out, and rows with none left are", async () => {
  const { rig, metrics } = rigWith({
    metric_conditions: [
      'datapoint.attributes["client"] == "bob"',
      'metric.name == "transmitted" and datapoint.value_int > 100',
    ],
  });
  const batch = report(rig.series, 1_000, { alice: STATS, bob: STATS });
  const left = await metrics(batch);
  const before = allPoints(batch).filter(({ series }) => series.attributes["client"] === "alice");
  const after = before.filter(({ value }) => value !== 865);
  expect(after).toHaveLength(before.length - 1);
  expect(allPoints(left!)).toEqual(after);
  expect(left!.rows.every(({ series, values }) => series.length === values.length)).toBe(true);
  // Asked again, from memory this time, it is the same.
  expect(allPoints((await metrics(report(rig.series, 2_000, { alice: STATS, bob: STATS })))!)).toHaveLength(
    after.length,
  );
});

test("what a report says of its source passes even without its points", async () => {
  const { rig, metrics } = rigWith({ metric_conditions: ['metric.name != "none"'] });
  const batch = report(rig.series, 1_000, { alice: STATS });
  expect(await metrics(batch)).toEqual({ rows: [], points: [], source: batch.source });
});

const identity = (table: SeriesTable, name = "test") => ({
  resource: table.resource({ "service.name": name }),
  scope: table.scope("test"),
});

test("spans go with their resource, their scope, or alone; events without their span", async () => {
  const { rig, traces, counter } = rigWith({
    trace_conditions: [
      'resource.attributes["service.name"] == "gone"',
      "span.kind == SPAN_KIND_CLIENT",
      'spanevent.name == "noise" and span.name == "a"',
    ],
  });
  const span = (name: string, more: Partial<Span> = {}): Span => ({
    ...identity(rig.series),
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name,
    kind: "server",
    startNanos: 1n,
    endNanos: 2n,
    attributes: {},
    events: [],
    status: { code: "unset" },
    ...more,
  });
  const noise = { timeNanos: 1n, name: "noise", attributes: {} };
  const kept = span("b", { events: [noise] });
  const left = await traces({
    spans: [
      span("a", { events: [noise] }),
      kept,
      span("c", { kind: "client" }),
      span("d", identity(rig.series, "gone")),
    ],
  });
  expect(left?.spans.map(({ name, events }) => [name, events.length])).toEqual([
    ["a", 0],
    ["b", 1],
  ]);
  expect(left?.spans[1]).toBe(kept);
  expect(counter(FILTERED.traces)).toBe(2);
});

const record = (table: SeriesTable, severityNumber: number, name?: string): LogRecord => ({
  ...identity(table, name),
  timeNanos: 1n,
  observedTimeNanos: 1n,
  severityNumber,
  severityText: "",
  attributes: {},
});

test("log records are dropped with their resource or alone", async () => {
  const config = { logs: { resource: ['attributes["service.name"] == "gone"'], log_record: ["severity_number < 9"] } };
  const { rig, logs } = rigWith(config);
  const kept = record(rig.series, 9);
  expect(await logs({ records: [record(rig.series, 5), kept, record(rig.series, 9, "gone")] })).toEqual({
    records: [kept],
  });
  expect(await logs({ records: [record(rig.series, 1)] })).toBeUndefined();
});

test("a condition that fails does not hold, and is counted once for each series where it depends on no more", async () => {
  const { rig, metrics, counter } = rigWith({
    metric_conditions: ['Len(datapoint.attributes["none"]) > 0', "datapoint.value_int == 1"],
  });
  expect(values(await metrics(metricsBatch(2, rig.series)))).toEqual([2]);
  expect(values(await metrics(metricsBatch(2, rig.series)))).toEqual([2]);
  expect(counter(FAILED_CONDITIONS)).toBe(2);
});

test("with propagate a condition that fails refuses the data for good, group by group", async () => {
  const failing = "Len(metric.unit) / 0 == datapoint.value_int";
  const strict = rigWith({ error_mode: "propagate", metrics: { datapoint: [failing] } });
  await expect(strict.metrics(metricsBatch(1, strict.rig.series))).rejects.toMatchObject({
    kind: "permanent",
    reason: "condition_failed",
  });
  expect(strict.counter(FILTERED.metrics)).toBe(0);
  const mixed = rigWith({
    error_mode: "propagate",
    metric_conditions: [{ conditions: [failing], error_mode: "silent" }],
  });
  expect(await mixed.metrics(metricsBatch(1, mixed.rig.series))).toBeDefined();
});

test("a configuration names what is wrong with a condition, and refuses two ways for one signal", () => {
  const mistakes = filterProcessor.config.safeParse({
    metrics: { datapoint: ["true", "valu_int == 1"] },
    metric_conditions: [{ context: "metric", conditions: ["true", "datapoint.value_int == 1"] }, "value_int == 1"],
  });
  expect(mistakes.error?.issues).toMatchObject([
    {
      path: ["metric_conditions", 0],
      errors: [[{ code: "invalid_type" }], [{ path: ["conditions", 1], params: { expected: "a path of metric" } }]],
    },
    { path: ["metric_conditions", 1], errors: [[{ code: "custom" }], [{ code: "invalid_type" }]] },
    { path: ["metrics", "datapoint", 1], params: { code: "bad_expression", nearest: "value_int" } },
  ]);
  const both = filterProcessor.config.parse({ logs: { log_record: ["true"] }, log_conditions: ["log.body == nil"] });
  expect(filterProcessor.check?.(both)).toMatchObject([{ code: "exclusive_options", path: ["logs"] }]);
});
