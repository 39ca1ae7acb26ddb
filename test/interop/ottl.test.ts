import fc from "fast-check";
import { expect, test } from "vitest";
import { condition } from "../../src/kit/ottl/condition.ts";
import { EvaluationError, OttlError } from "../../src/kit/ottl/errors.ts";
import { KNOWN_RECORD, KNOWN_VERDICTS } from "../../src/kit/ottl/known-verdicts.ts";
import { printCondition } from "../../src/kit/ottl/print.ts";
import { ANY_NAMES, ASKABLE, conditions, field, pathNode } from "../../src/kit/ottl/test-kit.ts";
import type { LogRecord } from "../../src/model/log-records.ts";
import type { Point } from "../../src/model/points.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { askFilter, refusedConditions, type Verdict } from "./harness/otelcol.ts";
import { logsRequest, metricsRequest } from "./harness/otlp-json.ts";

const SEED = Number(process.env["GOSTCOL_OTTL_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const LOGS = ["logs", "log_record"] as const;
const DATA_POINTS = ["metrics", "datapoint"] as const;

/** Records are told apart by their bodies, points by their values: neither is asked about by random conditions. */
const RECORDS: readonly LogRecord[] = [
  KNOWN_RECORD,
  { ...KNOWN_RECORD, body: "1", attributes: {} },
  { ...KNOWN_RECORD, body: "2", attributes: { str: "A", int: -3, half: -0.5, yes: false, list: [], num: "x" } },
  { ...KNOWN_RECORD, body: "3", attributes: { str: 5, int: "7", list: [true, "b"], client: "a", missing: 12 } },
];

test("the known verdicts are the Collector's", async () => {
  const known = Object.entries(KNOWN_VERDICTS).flatMap(([verdict, texts]) => texts.map((text) => ({ text, verdict })));
  const texts = known.map(({ text }) => text);
  expect(await refusedConditions(LOGS, texts)).toEqual(new Map());
  const said = await askLogs(texts, [KNOWN_RECORD]);
  expect(known.map(({ text }, index) => ({ text, verdict: said[index]!.get(String(KNOWN_RECORD.body)) }))).toEqual(
    known,
  );
});

test("random conditions say of log records what the Collector says", async () => {
  const texts = await askableTexts("log", LOGS, conditions(ASKABLE));
  const said = await askLogs(texts, RECORDS);
  const ours = texts.map((text) => {
    const asked = condition(text, "log");
    return RECORDS.map((record) => answer(() => asked.test(record)));
  });
  const theirs = said.map((verdicts) => RECORDS.map(({ body }) => verdicts.get(String(body))));
  expectSame(texts, ours, theirs);
});

test("random conditions say of data points what the Collector says", async () => {
  const values = fc.constantFrom("value_int", "value_double").map((name) => pathNode(field(name)));
  const vocabulary = { ...ASKABLE, numbers: fc.oneof(ASKABLE.numbers, values) };
  const texts = await askableTexts("datapoint", DATA_POINTS, conditions(vocabulary));
  const points = somePoints();
  const idOf = ({ series }: Point) => String(series.attributes["id"]);
  const said = await askFilter({
    section: DATA_POINTS,
    conditions: texts,
    payload: metricsRequest(points),
    ids: points.map(idOf),
    idsOf: (exported: MetricsJson) =>
      exported.resourceMetrics.flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap(({ metrics }) =>
          metrics.flatMap(({ sum, gauge }) =>
            (sum ?? gauge)!.dataPoints.map(({ attributes }) => textOf(attributes, "id")),
          ),
        ),
      ),
  });
  const ours = texts.map((text) => {
    const asked = condition(text, "datapoint");
    return points.map((point) => answer(() => asked.test(point)));
  });
  const theirs = said.map((verdicts) => points.map((point) => verdicts.get(idOf(point))));
  expectSame(texts, ours, theirs);
});

test("what can be read here can be read by the Collector", async () => {
  const texts = fc
    .sample(conditions({ ...ANY_NAMES, texts: fc.string() }), { numRuns: 600, seed: SEED })
    .map(printCondition);
  const refused = await refusedConditions(LOGS, texts);
  expect([...refused].filter(([, reason]) => reason.includes("invalid syntax"))).toEqual([]);
});

test("the paths of spans, metrics and histograms read what the Collector reads", async () => {
  const span = {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name: "GET /",
    kind: 2,
    startTimeUnixNano: "10",
    endTimeUnixNano: "30",
    status: { code: 2, message: "boom" },
  };
  const ofSpans = [
    'name == "GET /" and span.kind == SPAN_KIND_SERVER and kind.string == "Server" and trace_state == ""',
    'status.code == STATUS_CODE_ERROR and status.message == "boom" and end_time_unix_nano - start_time_unix_nano == 20',
    'trace_id.string == "0af7651916cd43dd8448eb211c80319c" and parent_span_id.string == "0000000000000000"',
  ];
  const spans = await askFilter({
    section: ["traces", "span"],
    conditions: ofSpans,
    payload: { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] },
    ids: [span.name],
    idsOf: (exported: SpansJson) =>
      exported.resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap((scope) => scope.spans.map(({ name }) => name)),
      ),
  });
  expect(spans.map((verdicts) => verdicts.get(span.name))).toEqual(ofSpans.map(() => "true"));

  const dataPoints = [{ count: "3", sum: 6, explicitBounds: [1], bucketCounts: ["1", "2"] }];
  const metrics = [
    { name: "histogram", histogram: { aggregationTemporality: 1, dataPoints } },
    { name: "gauge", unit: "By", gauge: { dataPoints: [{ asInt: "7", flags: 1 }] } },
    { name: "sum", sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: [{ asDouble: 2 }] } },
  ];
  const ask = (section: "metric" | "datapoint", conditions: readonly string[]) =>
    askFilter({
      section: ["metrics", section],
      conditions,
      payload: { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] },
      ids: metrics.map(({ name }) => name),
      idsOf: (exported: MetricNamesJson) =>
        exported.resourceMetrics.flatMap((resource) =>
          resource.scopeMetrics.flatMap((scope) => scope.metrics.map(({ name }) => name)),
        ),
    });
  const held = async (section: "metric" | "datapoint", condition: string) =>
    [...(await ask(section, [condition]))[0]!].filter(([, verdict]) => verdict === "true").map(([name]) => name);
  expect(await held("datapoint", "count == 3 and sum == 6.0 and sum / 4 == 1.5 and value_int == nil")).toEqual([
    "histogram",
  ]);
  expect(await held("datapoint", "value_int == 7 and value_double == 0.0 and flags == FLAG_NO_RECORDED_VALUE")).toEqual(
    ["gauge"],
  );
  expect(
    await held("datapoint", "value_double == 2 and value_int == 0 and count == nil and flags == FLAG_NONE"),
  ).toEqual(["sum"]);
  expect(
    await held("metric", "type == METRIC_DATA_TYPE_GAUGE and is_monotonic == nil and aggregation_temporality == nil"),
  ).toEqual(["gauge"]);
  expect(
    await held("metric", "is_monotonic == true and aggregation_temporality == AGGREGATION_TEMPORALITY_CUMULATIVE"),
  ).toEqual(["sum"]);
  expect(
    await held("metric", "is_monotonic == nil and aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA"),
  ).toEqual(["histogram"]);
});

/** Distinct conditions that both accept. Type errors of literals are a mistake in the Collector as soon as it starts, here too or when asked. */
async function askableTexts(
  context: "log" | "datapoint",
  section: readonly [string, string],
  nodes: ReturnType<typeof conditions>,
): Promise<string[]> {
  const texts = new Set(fc.sample(nodes, { numRuns: 500, seed: SEED }).map(printCondition));
  const accepted = [...texts].filter((text) => {
    try {
      condition(text, context);
      return true;
    } catch (failure) {
      expect(failure).toBeInstanceOf(OttlError);
      return false;
    }
  });
  const refused = await refusedConditions(section, accepted);
  for (const [text, reason] of refused) expect([text, reason]).toEqual([text, expect.stringContaining("argument")]);
  const asked = accepted.filter((text) => !refused.has(text));
  expect(asked.length).toBeGreaterThan(150);
  return asked;
}

function askLogs(texts: readonly string[], records: readonly LogRecord[]) {
  return askFilter({
    section: LOGS,
    conditions: texts,
    payload: logsRequest(records),
    ids: records.map(({ body }) => String(body)),
    idsOf: (exported: LogsJson) =>
      exported.resourceLogs.flatMap(({ scopeLogs }) =>
        scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ body }) => body.stringValue)),
      ),
  });
}

function somePoints(): readonly Point[] {
  const table = new SeriesTable();
  const resource = table.resource({ "host.name": "h1", zone: 3 });
  const scope = table.scope("a", "h1");
  const metric = { unit: "By", description: "", monotonic: false, temporality: "cumulative" } as const;
  const int = table.metric({ ...metric, name: "ints", type: "sum", number: "int" });
  const double = table.metric({ ...metric, name: "doubles", type: "gauge", number: "double" });
  const point = (id: string, metricOf: typeof int, value: number): Point => {
    const attributes = { id, client: "A,b", int: -7, str: "héllo", list: ["a", 2] };
    return { series: table.series(resource, scope, metricOf, attributes), start: 0, time: 1_700_000_000_000, value };
  };
  return [point("1", int, 0), point("2", int, -9), point("3", double, 2), point("4", double, 0.25)];
}

function answer(ask: () => boolean): Verdict {
  try {
    return ask() ? "true" : "false";
  } catch (failure) {
    expect(failure).toBeInstanceOf(EvaluationError);
    return "error";
  }
}

function expectSame(texts: readonly string[], ours: readonly Verdict[][], theirs: readonly (Verdict | undefined)[][]) {
  const different = texts.flatMap((text, index) => {
    const [here, there] = [ours[index]!.join(" "), theirs[index]!.join(" ")];
    return here === there ? [] : [{ text, here, there }];
  });
  expect({ seed: SEED, different }).toEqual({ seed: SEED, different: [] });
}

interface AttributeJson {
  readonly key: string;
  readonly value: { readonly stringValue?: string };
}

const textOf = (attributes: readonly AttributeJson[], key: string): string =>
  attributes.find((attribute) => attribute.key === key)?.value.stringValue ?? "";

interface LogsJson {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly body: { readonly stringValue: string } }[];
    }[];
  }[];
}

interface SpansJson {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly { readonly name: string }[] }[];
  }[];
}

interface MetricNamesJson {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
}

interface DataPointsJson {
  readonly dataPoints: readonly { readonly attributes: readonly AttributeJson[] }[];
}

interface MetricsJson {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly { readonly sum?: DataPointsJson; readonly gauge?: DataPointsJson }[];
    }[];
  }[];
}
