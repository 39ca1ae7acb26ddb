import fc from "fast-check";
import { expect, test } from "vitest";
import type { Point } from "../../model/points.ts";
import { SeriesTable } from "../../model/series-table.ts";
import type { Span } from "../../model/spans.ts";
import { anyOf } from "./any-of.ts";
import { condition, inferredCondition } from "./condition.ts";
import type { ContextName } from "./contexts/context.ts";
import { EvaluationError, OttlError } from "./errors.ts";
import { KNOWN_RECORD, KNOWN_VERDICTS } from "./known-verdicts.ts";
import { printCondition } from "./print.ts";
import { ASKABLE, conditions, field, pathNode } from "./test-kit.ts";

const table = new SeriesTable();
const resource = table.resource({ "host.name": "h1", zone: 3 });
const scope = table.scope("sc", "v1", { origin: "test" });

const SPAN: Span = {
  resource,
  scope,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  name: "GET /",
  kind: "server",
  startNanos: 10n,
  endNanos: 30n,
  attributes: { "http.route": "/" },
  events: [{ timeNanos: 20n, name: "exception", attributes: { type: "E" } }],
  status: { code: "error", message: "boom" },
};

function point(value: Point["value"], number: "int" | "double" = "int", attributes = { client: "alice" }): Point {
  const type = typeof value === "number" ? "sum" : "histogram";
  const metric = table.metric({
    name: "io",
    unit: "By",
    description: "",
    type,
    monotonic: true,
    temporality: "delta",
    number,
  });
  return { series: table.series(resource, scope, metric, attributes), start: 0, time: 1_700_000_000_000.25, value };
}

/** What a condition says of the log record: true, false, error, or refused where it cannot even be asked. */
function verdict(text: string): string {
  try {
    return String(condition(text, "log").test(KNOWN_RECORD));
  } catch (failure) {
    if (failure instanceof EvaluationError) return "error";
    expect(failure).toBeInstanceOf(OttlError);
    return "refused";
  }
}

test.each(Object.entries(KNOWN_VERDICTS).flatMap(([said, texts]) => texts.map((text) => [text, said])))(
  "%s is %s",
  (text, said) => {
    expect(verdict(text)).toBe(said);
  },
);

test.each([
  ['IsMach(body, "x")', 0, { nearest: "IsMatch" }],
  ["log.sverity_number == 1", 0, { nearest: "log.severity_number" }],
  ["severity_number == SEVERITY_NUMBER_WARM", 19, { nearest: "SEVERITY_NUMBER_WARN" }],
  ["trace_id == 0x01", 0, { expected: "trace_id.string" }],
  ["datapoint.value_int == 1", 0, { expected: "a path of log" }],
  ["SHA256 == 1", 0, { expected: "SHA256(...)" }],
  ["IsMatch(body)", 0, { expected: "IsMatch(target, pattern)" }],
  ['IsMatch(body, "a", "b")', 19, { expected: "IsMatch(target, pattern)" }],
  ['IsMatch(target = body, "a")', 23, { expected: "IsMatch(target, pattern)" }],
  ['IsMatch(body, regex = "a")', 14, { expected: "IsMatch(target, pattern)" }],
  ['IsMatch(body, target = "a")', 14, {}],
  ['IsMatch(body, "(")', 14, { expected: "RE2's syntax" }],
  ["IsMatch(body, body)", 14, { expected: "a text in double quotes" }],
  [
    'IsMatch(body, "(?:[a-z]{0,900}){1}[a-z]{0,900}[a-z]{0,900}[a-z]{0,900}[a-z]{0,900}[a-z]{0,900}[a-z]{0,900}")',
    14,
    {},
  ],
  ['ToLowerCase(1) == "1"', 12, { expected: "a text" }],
  ['HasPrefix(severity_number, "1")', 10, { expected: "a text" }],
  ["Len(body)", 0, { expected: "a comparison" }],
  ["severity_text[0] == 1", 14, {}],
  ['Len(body)["a"] == 1', 10, {}],
  ['Concat(attributes, "") == ""', 7, { expected: "[...]" }],
])("%s is refused at character %i", (text, offset, mistake) => {
  expect(() => condition(text, "log")).toThrow(expect.objectContaining({ name: "OttlError", offset, ...mistake }));
});

test("each context reads its own paths and those above it", () => {
  const holds = <Name extends ContextName>(
    context: Name,
    subject: Parameters<ReturnType<typeof condition<Name>>["test"]>[0],
    ...texts: string[]
  ) => {
    for (const text of texts) expect([text, condition(text, context).test(subject)]).toEqual([text, true]);
  };
  holds("resource", { resource }, 'attributes["zone"] == 3', 'resource.attributes["zone"] == 3');
  holds("scope", { resource, scope }, 'name == "sc" and scope.attributes["origin"] == "test"');
  holds(
    "metric",
    point(1).series,
    'name == "io" and metric.unit == "By" and description == "" and is_monotonic == true',
    "type == METRIC_DATA_TYPE_SUM and aggregation_temporality == AGGREGATION_TEMPORALITY_DELTA",
  );
  holds(
    "datapoint",
    point(2 ** 60),
    "value_int == 1152921504606846976 and value_double == 0.0 and flags == FLAG_NONE and count == nil",
    'attributes["client"] == "alice" and metric.name == "io" and resource.attributes["zone"] == 3',
    "time_unix_nano == 1700000000000250000 and start_time_unix_nano == 0",
  );
  holds("datapoint", point(1, "double"), "value_double / 2 == 0.5 and value_int == 0 and IsDouble(value_double)");
  const histogram = { count: 3, sum: 6, bounds: [1], counts: [1, 2] };
  holds("datapoint", point(histogram), "count == 3 and sum == 6.0 and value_int == nil and sum / 4 == 1.5");
  holds("datapoint", { ...point(1), extra: { noRecordedValue: true } }, "flags == FLAG_NO_RECORDED_VALUE");
  holds(
    "span",
    SPAN,
    'name == "GET /" and kind == SPAN_KIND_SERVER and kind.string == "Server" and attributes["http.route"] == "/"',
    'status.code == STATUS_CODE_ERROR and status.message == "boom" and end_time_unix_nano - start_time_unix_nano == 20',
    'trace_id.string == "0af7651916cd43dd8448eb211c80319c" and parent_span_id.string == "0000000000000000"',
  );
  holds(
    "spanevent",
    { span: SPAN, event: SPAN.events[0]! },
    'name == "exception" and attributes["type"] == "E" and span.name == "GET /" and time_unix_nano == 20',
    'resource.attributes["zone"] == 3 and scope.name == "sc"',
  );
});

test("a constant that fails does so when it is asked, for nobody may ever get there", () => {
  for (const text of ["attributes[1 / 0] == nil", "[1 / 0] == nil", 'Split("a", ",")[1 / 0] == nil', "IsInt(1 / 0)"]) {
    expect(verdict(text)).toBe("error");
    expect(verdict(`body == nil and ${text}`)).toBe("false");
  }
});

test("attributes that every object seems to have are missing like others", () => {
  for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
    expect(condition(`attributes["${name}"] == nil`, "log").test(KNOWN_RECORD)).toBe(true);
    const attributes = JSON.parse(`{"${name}": "x"}`);
    expect(condition(`attributes["${name}"] == "x"`, "log").test({ ...KNOWN_RECORD, attributes })).toBe(true);
  }
});

test("it is known what an answer depends on", () => {
  const reachOf = (text: string) => condition(text, "datapoint").reach;
  expect(reachOf('1 == 2 or IsMatch("a", "b")')).toBe("constant");
  expect(reachOf('resource.attributes["a"] == nil')).toBe("resource");
  expect(reachOf('resource.attributes["a"] == scope.name')).toBe("scope");
  expect(reachOf('metric.name == "x" and not IsMatch(scope.name, "x")')).toBe("metric");
  expect(reachOf('attributes[metric.name] == "x"')).toBe("series");
  expect(reachOf('metric.name == "x" and value_int > 5')).toBe("item");
  expect(condition('attributes["x"] == 1', "log").reach).toBe("item");
});

test("what the series settles is settled, in order, and no more", () => {
  const settle = (text: string) => condition(text, "datapoint").settle(point(1));
  expect(settle('metric.name == "io"')).toBe(true);
  expect(settle('metric.name == "other" and value_int > 5')).toBe(false);
  expect(settle('metric.name == "io" and value_int > 5')).toBeUndefined();
  expect(settle('metric.name == "io" or value_int > 5')).toBe(true);
  expect(settle('metric.name == "other" or value_int > 5')).toBeUndefined();
  // The point might make it fail, and is asked first.
  expect(settle('value_int / 0 == 1 and metric.name == "other"')).toBeUndefined();
  expect(settle('not (metric.name == "other" and value_int > 5)')).toBe(true);
  expect(() => settle('Len(attributes["x"]) == 1')).toThrow(EvaluationError);
});

test("what is settled is what every point of the series is answered, failures too", () => {
  const answer = (ask: () => boolean | undefined) => {
    try {
      return ask();
    } catch (failure) {
      expect(failure).toBeInstanceOf(EvaluationError);
      return "error";
    }
  };
  const numbers = fc.oneof(ASKABLE.numbers, fc.constant(pathNode(field("value_int"))));
  fc.assert(
    fc.property(conditions({ ...ASKABLE, numbers }), fc.integer(), (node, value) => {
      const text = printCondition(node);
      let asked: ReturnType<typeof condition<"datapoint">>;
      try {
        asked = condition(text, "datapoint");
      } catch (failure) {
        expect(failure).toBeInstanceOf(OttlError);
        return;
      }
      const settled = answer(() => asked.settle(point(0)));
      const tested = answer(() => asked.test(point(value)));
      if (settled !== undefined) expect([text, tested]).toEqual([text, settled]);
      if (asked.reach !== "item") expect([text, settled]).toEqual([text, tested]);
    }),
    { numRuns: 2_000 },
  );
});

test("texts that an expression makes are limited", () => {
  const long = { ...KNOWN_RECORD, body: "x".repeat(600_000) };
  const asks =
    (text: string, record = long) =>
    () =>
      condition(text, "log").test(record);
  expect(asks('Concat([body, body], "") == ""')).toThrow(/1000000/);
  expect(asks('Len(Split(body, "")) == 1')).toThrow(/10000/);
  expect(asks('Len(Split(body, "x")) == 1')).toThrow(/10000/);
  expect(asks("Len(body) == 600000")()).toBe(true);
});

test("a pattern that would make others hang answers at once", () => {
  const record = { ...KNOWN_RECORD, body: `${"a".repeat(200_000)}!` };
  expect(
    condition('IsMatch(body, "^(a+)+$") or IsMatch(body, "^(a|aa)+$") or IsMatch(body, "(.*)*b")', "log").test(record),
  ).toBe(false);
});

test("the context of a condition is the one that sees all its paths", () => {
  const contextOf = (text: string) => inferredCondition(text, ["resource", "scope", "metric", "datapoint"]).context;
  expect(contextOf('resource.attributes["a"] == "b"')).toBe("resource");
  expect(contextOf('instrumentation_scope.name == resource.attributes["a"]')).toBe("scope");
  expect(contextOf('metric.name == "x" and IsMatch(scope.name, "y")')).toBe("metric");
  expect(contextOf('resource.attributes[Concat([metric.name, datapoint.attributes["x"]], "")] == 1')).toBe("datapoint");
  const refused = (text: string) => expect(() => contextOf(text)).toThrow(OttlError);
  refused("value_int == 1");
  refused("log.body == 1");
  refused("metric == 1");
  refused("true");
});

const anyCondition = (failures: string[], ...texts: readonly string[]) =>
  anyOf(
    texts.map((text) => condition(text, "datapoint")),
    (failure, { text }) => failures.push(`${text}: ${failure.message}`),
  );

test("of several conditions one is enough, and those that fail are told and passed over", () => {
  const failures: string[] = [];
  const some = anyCondition(failures, "1 / value_int == 0", 'metric.name == "other"', "value_int == 2");
  expect(some.reach).toBe("item");
  expect(some.test(point(0))).toBe(false);
  expect(failures).toEqual(["1 / value_int == 0: division by zero"]);
  expect(some.test(point(2))).toBe(true);
  const strict = anyOf([condition("value_int / 0 == 1", "datapoint")], (failure) => {
    throw failure;
  });
  expect(() => strict.test(point(1))).toThrow(EvaluationError);
});

test("what a series settles of several conditions is settled once, its failures included", () => {
  const failures: string[] = [];
  const never = ['metric.name == "other"', 'Len(attributes["none"]) == 1'];
  expect(anyCondition(failures, ...never).settle(point(1))).toBe(false);
  expect(failures).toEqual(['Len(attributes["none"]) == 1: nil has no length']);
  expect(anyCondition([], ...never, 'metric.name == "io"', "value_int == 2").settle(point(1))).toBe(true);
  const left = anyCondition(failures, ...never, "value_int == 2", 'metric.unit == "s"').settle(point(1));
  expect(typeof left === "object" && [1, 2].map((value) => left.test(point(value)))).toEqual([false, true]);
  expect(failures).toHaveLength(2);
  // The first to be asked is the point: whether the second holds does not matter before.
  expect(anyCondition([], "value_int == 2", 'metric.name == "io"').settle(point(1))).not.toBe(true);
});
