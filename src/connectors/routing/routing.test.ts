import { expect, test } from "vitest";
import { SAMPLES } from "../../../test/contract/batches.ts";
import { componentRig } from "../../../test/contract/rig.ts";
import { metricsBatch } from "../../../test/support/fake-components.ts";
import type { Consumer } from "../../component/delivery.ts";
import { Refusal } from "../../component/refusal.ts";
import type { LogsBatch } from "../../model/log-records.ts";
import { Row } from "../../model/points.ts";
import type { Batches, Signal } from "../../model/signal.ts";
import { routingConnector } from "./index.ts";
import { FAILED_CONDITIONS, UNROUTED } from "./telemetry.ts";

const LAB = { condition: 'attributes["site"] == "lab"', pipelines: ["metrics/lab", "logs/lab"] };

function rigWith(config: object) {
  const rig = componentRig(routingConnector, routingConnector.config.parse({ table: [LAB], ...config }));
  const got: [string, Batches[Signal]][] = [];
  let refuses = "";
  const pipeline = <S extends Signal>(signal: S, id: string): Consumer<S> | undefined =>
    id.startsWith(signal)
      ? {
          consume(batch, delivery) {
            if (refuses === id) throw new Refusal("retryable", "queue_full", "full");
            delivery.onCommitted(() => got.push([id, batch]));
          },
        }
      : undefined;
  const connector = routingConnector.create(routingConnector.config.parse({ table: [LAB], ...config }), rig.deps, {
    pipeline,
  });
  Object.assign(rig.instance, connector);
  const counter = (description: typeof UNROUTED, signal?: string) =>
    rig.deps.meter.counter(description, signal === undefined ? {} : { "otel.signal": signal }).value;
  return { rig, got, counter, refuse: (id: string) => (refuses = id) };
}

test("points and values of rows go where their resource goes, and what is of one resource goes as it came", async () => {
  const { rig, got } = rigWith({ default_pipelines: ["metrics/main"] });
  const { points } = metricsBatch(2, rig.series);
  const lab = rig.series.resource({ site: "lab" });
  const { scope, metric, attributes } = points[0]!.series;
  const ofLab = rig.series.series(lab, scope, metric, attributes);
  const row = new Row([ofLab, points[1]!.series], 1, 2, [5, 6]);
  const rest = new Row([ofLab], 1, 2, [7]);
  await rig.consume("metrics", { rows: [row, rest], points });
  const { NaN: none } = Number;
  expect(got).toEqual([
    ["metrics/lab", { rows: [new Row(row.series, 1, 2, [5, none]), rest], points: [] }],
    ["metrics/main", { rows: [new Row(row.series, 1, 2, [none, 6])], points }],
  ]);
  expect((got[0]![1] as Batches["metrics"]).rows[0]!.series).toBe(row.series);
  const whole = { rows: [rest], points: [] };
  await rig.consume("metrics", whole);
  expect(got[2]![1]).toBe(whole);
});

test("log records are split as well; what nobody wants is dropped and counted", async () => {
  const { rig, got, counter } = rigWith({});
  const [record] = (SAMPLES.find(({ name }) => name === "logs")!.batch(rig.series) as LogsBatch).records;
  const ofLab = { ...record!, resource: rig.series.resource({ site: "lab" }) };
  await rig.consume("logs", { records: [record!, ofLab, record!] });
  expect(got).toEqual([["logs/lab", { records: [ofLab] }]]);
  expect(counter(UNROUTED, "logs")).toBe(2);
});

test("the first condition that holds decides, and one that fails does not hold", async () => {
  const failing = { condition: 'Len(attributes["none"]) > 0', pipelines: ["metrics/none"] };
  const first = { condition: "true", pipelines: ["metrics/a", "metrics/b"] };
  const { rig, got, counter } = rigWith({ table: [failing, first, LAB] });
  await rig.consume("metrics", metricsBatch(1, rig.series));
  expect(got.map(([id]) => id)).toEqual(["metrics/a", "metrics/b"]);
  expect(counter(FAILED_CONDITIONS)).toBe(1);
});

test("metrics and data points are routed by what they are, the first entry that holds first", async () => {
  const table = [
    { context: "datapoint", condition: "value_int > 5", pipelines: ["metrics/large"] },
    { context: "metric", condition: 'name == "test.bytes"', pipelines: ["metrics/bytes"] },
    { context: "log", condition: "true", pipelines: ["logs"] },
  ];
  const { rig, got } = rigWith({ table, default_pipelines: ["metrics/main"] });
  const { points } = metricsBatch(3, rig.series);
  const { resource, scope, metric } = points[0]!.series;
  const other = rig.series.series(resource, scope, rig.series.metric({ ...metric, name: "other" }), {});
  const { name } = metric;
  expect(name).toBe("test.bytes");
  const row = new Row([points[0]!.series, points[1]!.series, other], 1, 2, [9, 4, 3]);
  await rig.consume("metrics", { rows: [row], points: [] });
  const { NaN: none } = Number;
  expect(got).toEqual([
    ["metrics/large", { rows: [new Row(row.series, 1, 2, [9, none, none])], points: [] }],
    ["metrics/bytes", { rows: [new Row(row.series, 1, 2, [none, 4, none])], points: [] }],
    ["metrics/main", { rows: [new Row(row.series, 1, 2, [none, none, 3])], points: [] }],
  ]);
});

test("spans and log records are routed one by one", async () => {
  const table = [
    { context: "span", condition: 'name == "a span"', pipelines: ["traces/a"] },
    { context: "log", condition: "severity_number >= SEVERITY_NUMBER_ERROR", pipelines: ["logs/errors"] },
  ];
  const { rig, got, counter } = rigWith({ table, default_pipelines: ["logs/rest"] });
  const sample = (name: string) => SAMPLES.find((one) => one.name === name)!.batch(rig.series);
  const { spans } = sample("traces") as Batches["traces"];
  await rig.consume("traces", { spans: [spans[0]!, { ...spans[0]!, name: "other" }] });
  expect(got).toEqual([["traces/a", { spans: [spans[0]] }]]);
  expect(counter(UNROUTED, "traces")).toBe(1);
  const { records } = sample("logs") as LogsBatch;
  const error = { ...records[0]!, severityNumber: 17 };
  await rig.consume("logs", { records: [records[0]!, error] });
  expect(got.slice(1)).toEqual([
    ["logs/rest", { records: [records[0]] }],
    ["logs/errors", { records: [error] }],
  ]);
});

test("a condition that cannot be read, and a pipeline of a signal that the context is not of, are mistakes", () => {
  const log = { context: "log", condition: "severity_number > 1", pipelines: ["metrics"] };
  const config = routingConnector.config.parse({ table: [log] });
  expect(routingConnector.check!(config)).toMatchObject([
    { path: ["table", 0, "pipelines", 0], code: "bad_pipeline_id" },
  ]);
  const { error } = routingConnector.config.safeParse({ table: [{ ...log, condition: "datapoint.value_int > 1" }] });
  expect(error?.issues).toMatchObject([{ path: ["table", 0, "condition"], params: { code: "bad_expression" } }]);
});

test("what one pipeline refuses none has got", async () => {
  const { rig, got, refuse } = rigWith({ table: [{ condition: "true", pipelines: ["metrics/a", "metrics/b"] }] });
  refuse("metrics/b");
  expect(await rig.consume("metrics", metricsBatch(1, rig.series))).toMatchObject({ taken: false });
  expect(got).toEqual([]);
});

test("what is no pipeline's id is a mistake with its place", () => {
  const config = routingConnector.config.parse({
    table: [{ ...LAB, pipelines: ["lab"] }],
    default_pipelines: ["metrics"],
  });
  expect(routingConnector.check!(config)).toMatchObject([
    { path: ["table", 0, "pipelines", 0], code: "bad_pipeline_id" },
  ]);
});
