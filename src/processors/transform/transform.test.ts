import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import { report } from "../../../test/support/gost-streams.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import { allPoints, type MetricsBatch, type PointValue } from "../../model/points.ts";
import type { MetricType } from "../../model/series.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import type { TracesBatch } from "../../model/spans.ts";
import { transformProcessor } from "./index.ts";
import { FAILED_STATEMENTS } from "./telemetry.ts";

function rigWith(config: object) {
  const rig = componentRig(transformProcessor, transformProcessor.config.parse(config));
  const sent = async <B extends Batches[Signal]>(signal: Signal, batch: B): Promise<B> => {
    const outcome = await rig.consume(signal, batch);
    if (!outcome.taken) throw outcome.refusal;
    return rig.handedOn.at(-1) as B;
  };
  const sample = (name: string) => SAMPLES.find((sample) => sample.name === name)!.batch(rig.series);
  const failures = () => rig.deps.meter.counter(FAILED_STATEMENTS).value;
  return { rig, sent, sample, failures };
}

const STATS = [1, 2, 30, 40, 0] as const;
const shown = (batch: MetricsBatch) =>
  allPoints(batch).map(({ series, value }) => [series.metric.name, series.attributes["client"], value]);

test("series that are renamed and described anew stay in rows with one list", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      'set(metric.name, "rx") where metric.name == "received"',
      'set(datapoint.attributes["client"], "x") where metric.name == "rx"',
      'set(resource.attributes["site"], scope.name)',
    ],
  });
  const first = await sent("metrics", report(rig.series, 1_000, { alice: STATS }));
  expect(shown(first)).toEqual([
    ["conns", "alice", 1],
    ["active", "alice", 2],
    ["rx", "x", 30],
    ["transmitted", "alice", 40],
    ["errors", "alice", 0],
  ]);
  expect(first.rows[0]!.series[0]!.resource.attributes["site"]).toBe("test");
  const second = await sent("metrics", report(rig.series, 2_000, { alice: STATS }));
  expect(second.rows[0]!.series).toBe(first.rows[0]!.series);
});

test("a batch that no statement changes is handed on as it came", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      'set(metric.name, "y") where metric.name == "x"',
      "set(datapoint.value_int, 0) where datapoint.value_int > 1000",
    ],
  });
  const batch = report(rig.series, 1_000, { alice: STATS });
  expect(await sent("metrics", batch)).toBe(batch);
});

test("values are scaled in their row, which stays one of the same series", async () => {
  const { rig, sent } = rigWith({
    metric_statements: ['set(datapoint.value_int, datapoint.value_int * 8) where metric.name == "received"'],
  });
  const batch = report(rig.series, 1_000, { alice: STATS });
  const { rows, points, source } = await sent("metrics", batch);
  expect(rows.map(({ values }) => values)).toEqual([[1, 2, 240, 40, 0]]);
  expect(rows[0]!.series).toBe(batch.rows[0]!.series);
  expect([points, source]).toEqual([[], batch.source]);
});

test("a value of another time is a row of its own, one of another series a point", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      "set(datapoint.time_unix_nano, 5000000000) where datapoint.value_int == 30",
      'set(datapoint.attributes["big"], true) where datapoint.value_int == 40',
    ],
  });
  const batch = report(rig.series, 1_000, { alice: STATS });
  const { rows, points } = await sent("metrics", batch);
  const { NaN: none } = Number;
  expect(rows.map(({ time, values }) => [time, values])).toEqual([
    [1_000, [1, 2, none, none, 0]],
    [5_000, [none, none, 30, none, none]],
  ]);
  expect(rows.every(({ series }) => series === batch.rows[0]!.series)).toBe(true);
  expect(points.map(({ series, value }) => [series.metric.name, series.attributes["big"], value])).toEqual([
    ["transmitted", true, 40],
  ]);
  const { resource, scope, metric, attributes } = points[0]!.series;
  expect(rig.series.series(resource, scope, metric, attributes)).toBe(points[0]!.series);
});

test("statements see what those in front of them made, whatever each of them needs", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      'set(metric.name, "a")',
      'set(metric.name, "b") where datapoint.value_int == 2',
      'set(datapoint.attributes["was"], metric.name)',
      'set(datapoint.value_int, 7) where datapoint.attributes["was"] == "b"',
    ],
  });
  const { points } = await sent("metrics", metricsBatch(3, rig.series));
  expect(points.map(({ series, value }) => [series.metric.name, series.attributes["was"], value])).toEqual([
    ["a", "a", 1],
    ["b", "b", 7],
    ["a", "a", 3],
  ]);
});

test("a section's statements are run where one of its conditions holds, asked once before them", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      {
        conditions: ['metric.name == "none"', 'datapoint.attributes["index"] == 1'],
        statements: ['set(datapoint.attributes["index"], 5)', 'set(metric.name, "second")'],
      },
      { context: "metric", statements: ['set(unit, "bit")'] },
    ],
  });
  const { points } = await sent("metrics", metricsBatch(2, rig.series));
  expect(points.map(({ series }) => [series.metric.name, series.metric.unit, series.attributes["index"]])).toEqual([
    ["test.bytes", "bit", 0],
    ["second", "bit", 5],
  ]);
});

test("spans, their events and log records are changed with their resource and scope, which are the table's", async () => {
  const { rig, sent, sample } = rigWith({
    trace_statements: [
      'set(resource.attributes["site"], "fra")',
      'set(span.name, Concat([span.name, "seen"], " "))',
      'set(spanevent.name, "e")',
      'set(span.attributes["last"], spanevent.attributes["n"])',
    ],
    log_statements: ['set(resource.attributes["site"], "fra")', "set(log.severity_number, SEVERITY_NUMBER_WARN)"],
  });
  const { spans } = sample("traces") as TracesBatch;
  const event = (n: number) => ({ timeNanos: 1n, name: "x", attributes: { n } });
  const traces = await sent("traces", { spans: [{ ...spans[0]!, events: [event(1), event(2)] }] });
  const [span] = traces.spans;
  expect([span!.name, span!.attributes["last"], span!.events.map(({ name }) => name)]).toEqual([
    "a span seen",
    2,
    ["e", "e"],
  ]);
  const logs = await sent("logs", sample("logs") as LogsBatch);
  expect(logs.records[0]!.severityNumber).toBe(13);
  expect(logs.records[0]!.resource).toBe(span!.resource);
  expect(span!.resource).toBe(rig.series.resource({ "service.name": "test", site: "fra" }));
});

test("what fails does nothing and is counted, for a series once; with propagate it refuses the data", async () => {
  const failing = 'set(metric.unit, Split(metric.name, "x")[5])';
  const { rig, sent, failures } = rigWith({ metric_statements: [failing, 'set(metric.unit, "bit")'] });
  for (let time = 1; time < 3; time++) {
    const { points } = await sent("metrics", metricsBatch(1, rig.series));
    expect(points[0]!.series.metric.unit).toBe("bit");
  }
  expect(failures()).toBe(1);
  const strict = rigWith({ error_mode: "propagate", metric_statements: [failing] });
  for (let time = 1; time < 3; time++) {
    await expect(strict.sent("metrics", metricsBatch(1, strict.rig.series))).rejects.toMatchObject({
      kind: "permanent",
      reason: "statement_failed",
    });
  }
  const mixed = rigWith({
    error_mode: "propagate",
    metric_statements: [{ statements: [failing], error_mode: "silent" }],
  });
  await mixed.sent("metrics", metricsBatch(1, mixed.rig.series));
  expect([strict.failures(), mixed.failures()]).toEqual([0, 1]);
});

test("a configuration names what is wrong, and where", () => {
  const issues = transformProcessor.config.safeParse({
    metric_statements: ['set(name, "x")', { statements: ['set(metric.name, "x")', 'set(metric.nam, "x")'] }],
    log_statements: [{ context: "log", conditions: ["severity_nmber > 1"], statements: ['set(body, "x")'] }],
  }).error?.issues;
  expect(issues).toMatchObject([
    { path: ["metric_statements", 0], errors: [[{ params: { code: "bad_expression" } }], [{ code: "invalid_type" }]] },
    {
      path: ["metric_statements", 1],
      errors: [[{}], [{ path: ["statements", 1], params: { code: "bad_expression" } }]],
    },
    {
      path: ["log_statements", 0],
      errors: [[{}], [{ path: ["conditions", 0], params: { nearest: "severity_number" } }]],
    },
  ]);
});

test("a metric is copied, and what follows sees the copy", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      'copy_metric(name="rx", unit="By") where metric.name == "received"',
      'set(metric.description, "copied") where metric.name == "rx"',
      'set(datapoint.value_int, datapoint.value_int * 8) where metric.name == "rx"',
    ],
  });
  const batch = report(rig.series, 1_000, { alice: STATS });
  const changed = await sent("metrics", batch);
  expect(changed.rows).toEqual(batch.rows);
  expect(shown({ rows: [], points: changed.points })).toEqual([["rx", "alice", 240]]);
  expect(changed.points[0]!.series.metric).toMatchObject({ unit: "By", description: "copied" });
});

test("sums become gauges and gauges sums, once for each series", async () => {
  const { rig, sent } = rigWith({
    metric_statements: [
      "convert_sum_to_gauge()",
      'convert_gauge_to_sum("cumulative", true) where metric.name == "received"',
    ],
  });
  const first = await sent("metrics", report(rig.series, 1_000, { alice: STATS }));
  expect(first.rows[0]!.series.map(({ metric }) => [metric.type, metric.monotonic, metric.temporality])).toEqual([
    ["gauge", false, "unspecified"],
    ["gauge", false, "unspecified"],
    ["sum", true, "cumulative"],
    ["gauge", false, "unspecified"],
    ["gauge", false, "unspecified"],
  ]);
  const second = await sent("metrics", report(rig.series, 2_000, { alice: STATS }));
  expect(second.rows[0]!.series).toBe(first.rows[0]!.series);
});

test("values are scaled: whole numbers stay whole, and of distributions what has the unit", async () => {
  const { rig, sent, failures } = rigWith({ metric_statements: ['scale_metric(0.5, "x") where metric.unit == "y"'] });
  const scaledTo = async (type: MetricType, value: PointValue, number: "int" | "double" = "double") => {
    const { series } = metricsBatch(1, rig.series).points[0]!;
    const metric = rig.series.metric({ ...series.metric, unit: "y", type, number });
    const made = rig.series.series(series.resource, series.scope, metric, {});
    const { points } = await sent("metrics", { rows: [], points: [{ series: made, start: 0, time: 1, value }] });
    return [points[0]!.value, points[0]!.series.metric.unit];
  };
  expect(await scaledTo("gauge", 5)).toEqual([2.5, "x"]);
  expect(await scaledTo("sum", -5, "int")).toEqual([-2, "x"]);
  const histogram = { count: 2, sum: 6, max: 4, bounds: [2, 4], counts: [1, 1, 0] };
  expect(await scaledTo("histogram", histogram)).toEqual([{ ...histogram, sum: 3, max: 2, bounds: [1, 2] }, "x"]);
  const summary = { count: 2, sum: 6, quantiles: [{ quantile: 0.5, value: 3 }] };
  expect(await scaledTo("summary", summary)).toEqual([
    { ...summary, sum: 3, quantiles: [{ quantile: 0.5, value: 1.5 }] },
    "x",
  ]);
  expect(failures()).toBe(0);
  const buckets = { offset: 0, counts: [] };
  const exponential = { count: 0, scale: 0, zeroCount: 0, zeroThreshold: 0, positive: buckets, negative: buckets };
  expect(await scaledTo("exponential_histogram", exponential)).toEqual([exponential, "y"]);
  expect(failures()).toBe(1);
});

test("sums and counts of distributions become metrics of their own, behind a section's conditions as well", async () => {
  const { rig, sent, failures } = rigWith({
    metric_statements: [
      {
        conditions: ['metric.name == "test.bytes"'],
        statements: ["extract_sum_metric(true)", 'extract_count_metric(false, ".n")'],
      },
    ],
  });
  const { series } = metricsBatch(1, rig.series).points[0]!;
  const metric = rig.series.metric({ ...series.metric, type: "summary", temporality: "unspecified", unit: "s" });
  const made = rig.series.series(series.resource, series.scope, metric, {});
  const value = { count: 2, sum: 6.5, quantiles: [] };
  const { points } = await sent("metrics", { rows: [], points: [{ series: made, start: 1, time: 2, value }] });
  expect(points.map((point) => [point.series.metric.name, point.value, point.start, point.time])).toEqual([
    ["test.bytes", value, 1, 2],
    ["test.bytes.n", 2, 1, 2],
    ["test.bytes_sum", 6.5, 1, 2],
  ]);
  expect(points[2]!.series.metric).toMatchObject({
    type: "sum",
    monotonic: true,
    temporality: "cumulative",
    unit: "s",
  });
  expect(failures()).toBe(1); // What the first made is no distribution, and the second was run of it as well.
});

test.each([
  ["trace_statements", "convert_sum_to_gauge()"],
  ["metric_statements", "convert_sum_to_gauge() where datapoint.value_int > 1"],
  ["metric_statements", 'convert_gauge_to_sum("sometimes", true)'],
  ["metric_statements", 'scale_metric("2")'],
  ["metric_statements", "extract_sum_metric(1)"],
])("in %s %s is a mistake", (section, statement) => {
  const { error } = transformProcessor.config.safeParse({ [section]: [statement] });
  expect(JSON.stringify(error?.issues)).toContain("bad_expression");
});
