import fc from "fast-check";
import { expect, test } from "vitest";
import type { Attributes } from "../../model/attributes.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { DataPoint } from "./contexts/datapoint.ts";
import { EvaluationError, OttlError } from "./errors.ts";
import { printCondition } from "./print.ts";
import { statement } from "./statement.ts";
import { ASKABLE, conditions } from "./test-kit.ts";

const RESOURCE = { attributes: { host: "h1" } };
const SCOPE = { name: "sc", version: "", attributes: {} };

function record(attributes: Attributes = {}): LogRecord {
  return frozen({
    resource: RESOURCE,
    scope: SCOPE,
    timeNanos: 5n,
    observedTimeNanos: 6n,
    severityNumber: 9,
    severityText: "",
    body: "user=alice ip=10.0.0.1",
    attributes,
  });
}

const POINT: DataPoint = frozen({
  series: {
    resource: RESOURCE,
    scope: SCOPE,
    metric: {
      name: "io",
      unit: "By",
      description: "",
      type: "sum",
      monotonic: true,
      temporality: "delta",
      number: "int",
    },
    attributes: { client: "alice" },
  },
  start: 0,
  time: 1,
  value: 10,
} as const);

test.each<[string, Attributes, Attributes]>([
  ['set(attributes["a"], 1)', { b: 2 }, { a: 1, b: 2 }],
  ['set(attributes["a"], attributes["none"])', { a: 1 }, { a: 1 }],
  ['set(attributes["a"], "x") where attributes["b"] == 2', { b: 3 }, { b: 3 }],
  ['set(attributes["a"][1], "x")', { a: ["p", "q"] }, { a: ["p", "x"] }],
  ['set(attributes["a"], {"b": [nil, 1]})', {}, { a: { b: [null, 1] } }],
  ['set(attributes["a"]["b"][1], true)', {}, { a: { b: [null, true] } }],
  ['set(attributes["a"]["b"], 1)', { a: { c: null } }, { a: { b: 1, c: null } }],
  ['set(attributes["__proto__"], "x")', {}, JSON.parse('{"__proto__": "x"}')],
  ["set(attributes, resource.attributes)", { a: 1 }, { host: "h1" }],
  ['set(attributes["sum"], attributes["a"] + 9007199254740991)', { a: 2 }, { a: 2, sum: 9_007_199_254_740_993n }],
  ['delete_key(attributes, "a")', { a: 1, b: 2 }, { b: 2 }],
  ['delete_matching_keys(attributes, "^a")', { a: 1, ab: 2, ba: 3 }, { ba: 3 }],
  ['keep_keys(attributes, ["a", "c"])', { a: 1, b: 2 }, { a: 1 }],
  ['keep_matching_keys(attributes, "b")', { a: 1, ab: 2 }, { ab: 2 }],
  ['limit(attributes, 2, ["z"])', { c: 1, b: 2, a: 3, z: 4 }, { a: 3, z: 4 }],
  ["limit(attributes, 4, [])", { c: 1, b: 2 }, { c: 1, b: 2 }],
  [
    "truncate_all(attributes, 3)",
    { a: "abcd", b: "aaé", c: 12_345, d: "ab" },
    { a: "abc", b: "aa", c: 12_345, d: "ab" },
  ],
  ['replace_match(attributes["a"], "/user/*/list", "/user/{id}")', { a: "/user/7/list" }, { a: "/user/{id}" }],
  [
    'replace_match(attributes["a"], "{get,put} [!a-c]?", "x", SHA256, "<%s>")',
    { a: "put d\n" },
    { a: `<${SHA_OF_X()}>` },
  ],
  ['replace_pattern(attributes["a"], "b(.)", "[$1]")', { a: "abxbyb" }, { a: "a[x][y]b" }],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a group of the pattern.
  ['replace_pattern(attributes["a"], "(?P<w>l+)o", "${w}$$$0$9$nope")', { a: "hello" }, { a: "hell$llo" }],
  ['replace_pattern(attributes["a"], "a*", "-")', { a: "baaac" }, { a: "-b-c-" }],
  ['replace_pattern(attributes["a"], "^(.*)$", "$1", ToUpperCase, "id:%s")', { a: "bob" }, { a: "id:BOB" }],
  ['replace_pattern(attributes["a"], "x", "y")', { a: 5 }, { a: 5 }],
  ['replace_all_matches(attributes, "a*", "x")', { k: "ab", l: "ba", m: 1 }, { k: "x", l: "ba", m: 1 }],
  ['replace_all_patterns(attributes, "value", "\\\\d", "#")', { k1: "a1", l: 1 }, { k1: "a#", l: 1 }],
  ['replace_all_patterns(attributes, "key", "^kube_(.)", "k8s.$1")', { kube_x: 1, y: 2 }, { "k8s.x": 1, y: 2 }],
  ['merge_maps(attributes, {"a": 1, "b": 2}, "insert")', { a: 0 }, { a: 0, b: 2 }],
  ['merge_maps(attributes, {"a": 1, "b": 2}, "update")', { a: 0 }, { a: 1 }],
  ['merge_maps(attributes, resource.attributes, "upsert")', { host: "x" }, { host: "h1" }],
])("%s", (text, before, after) => {
  const changed = statement(text, "log").run(record(before));
  expect(changed.attributes).toEqual(after);
});

function SHA_OF_X() {
  return "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";
}

test("a statement that changes nothing gives back what it got", () => {
  const same = record({ a: "b", n: 1 });
  for (const text of [
    'set(attributes["a"], "b")',
    'set(attributes["n"], 1)',
    'set(severity_text, "")',
    'delete_key(attributes, "x")',
    'keep_keys(attributes, ["a", "n"])',
    "limit(attributes, 2, [])",
    "truncate_all(attributes, 10)",
    'replace_pattern(attributes["a"], "x", "y")',
    'replace_all_patterns(attributes, "key", "x", "y")',
    'set(body, "x") where false',
  ]) {
    expect([text, statement(text, "log").run(same) === same]).toEqual([text, true]);
  }
});

test("every field that can be written is", () => {
  const log = [
    'set(body, ["a", 1])',
    "set(severity_number, SEVERITY_NUMBER_ERROR)",
    'set(event_name, "e")',
    "set(time_unix_nano, 1700000000123456789)",
    'set(resource.attributes["host"], "h2")',
    'set(scope.name, "other")',
  ].reduce((subject, text) => statement(text, "log").run(subject), record());
  expect(log).toMatchObject({
    body: ["a", 1],
    severityNumber: 17,
    eventName: "e",
    timeNanos: 1_700_000_000_123_456_789n,
    resource: { attributes: { host: "h2" } },
    scope: { name: "other" },
  });
  const point = [
    'set(metric.name, Concat([metric.name, "total"], "_"))',
    'set(metric.unit, "1")',
    "set(metric.is_monotonic, false)",
    "set(metric.aggregation_temporality, AGGREGATION_TEMPORALITY_CUMULATIVE)",
    'set(attributes["client"], SHA256(attributes["client"]))',
    "set(time_unix_nano, 1700000000123456789)",
    "set(value_double, Double(value_int) / 4)",
  ].reduce((subject, text) => statement(text, "datapoint").run(subject), POINT);
  expect(point).toMatchObject({
    series: {
      metric: { name: "io_total", unit: "1", monotonic: false, temporality: "cumulative", number: "double" },
      attributes: { client: "2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90" },
    },
    value: 2.5,
    extra: { timeNanos: 1_700_000_000_123_456_789n },
  });
});

test("an int that is written as an equal double becomes one", () => {
  const point = { ...POINT, value: 0 };
  expect(statement("set(value_double, 0.0)", "datapoint").run(point).series.metric.number).toBe("double");
});

test("it is known what a statement reads", () => {
  expect(statement('set(attributes["a"], metric.name)', "datapoint").reach).toBe("series");
  expect(statement('set(resource.attributes["a"], "b")', "datapoint").reach).toBe("resource");
  expect(statement('set(attributes["a"], "b") where value_int > 1', "datapoint").reach).toBe("item");
});

test.each([
  ['set(attributes["a"]["b"], 1)', { a: "text" }],
  ['set(attributes["a"][3], 1)', { a: [1] }],
  ['set(attributes["a"][10000], 1)', {}],
  ["set(severity_text, 5)", {}],
  ["set(severity_number, 1.5)", {}],
  ["set(attributes, 5)", {}],
  ['merge_maps(attributes, attributes["a"], "insert")', { a: 1 }],
  ['replace_pattern(body, "[a-z]", attributes["a"])', {}],
])("%s fails on data that it cannot work with", (text, attributes) => {
  expect(() => statement(text, "log").run(record(attributes))).toThrow(EvaluationError);
});

test.each([
  ["sett(body, 1)", 0, { nearest: "set" }],
  ["set(1, 1)", 4, { expected: "a path" }],
  ['set(trace_id.string, "x")', 4, {}],
  ['delete_key(severity_text, "a")', 11, { expected: "a map" }],
  ['limit(attributes, 1, ["a", "b"])', 0, {}],
  ["limit(attributes, -1, [])", 18, { expected: "a whole number of at least 0" }],
  ['replace_match(body, "[a", "b")', 20, {}],
  ['replace_match(body, "a", "b", SHA25, "%s")', 30, { nearest: "SHA256" }],
  ['replace_match(body, "a", "b", Len, "%s")', 30, {}],
  ['replace_match(body, "a", "b", Substring, "%s")', 30, { expected: "Substring(target, start, length)" }],
  ['replace_match(body, "a", "b", SHA256, "%d")', 38, { expected: "%s once, and no other %" }],
  ['replace_all_patterns(attributes, "keys", "a", "b")', 33, { expected: "value, key" }],
  ['merge_maps(attributes, {}, "replace")', 27, {}],
  ['set(metric.name, "x")', 4, {}],
])("%s is refused at character %i", (text, offset, mistake) => {
  expect(() => statement(text, "log")).toThrow(expect.objectContaining({ name: "OttlError", offset, ...mistake }));
});

test("texts that a replacement makes are limited", () => {
  const long = statement('replace_pattern(body, ".", "xxxxxxxxxx")', "log");
  expect(() => long.run({ ...record(), body: "a".repeat(200_000) })).toThrow(EvaluationError);
});

test("whatever is run, what was given stays as it is", () => {
  const value = conditions(ASKABLE).map(printCondition);
  const editors = fc.constantFrom(
    'set(attributes["a"], "b")',
    'set(attributes["list"][0], "z")',
    'set(resource.attributes["host"], attributes["str"])',
    'delete_key(attributes, "str")',
    'replace_all_patterns(attributes, "value", "l", "L")',
    'merge_maps(resource.attributes, attributes, "upsert")',
    "truncate_all(attributes, 1)",
    "limit(attributes, 1, [])",
  );
  const subject = record({ str: "hello", list: ["a", "b"], int: 1 });
  fc.assert(
    fc.property(editors, value, (editor, where) => {
      try {
        statement(`${editor} where ${where}`, "log").run(subject); // A write to what is frozen throws a TypeError.
      } catch (failure) {
        expect(failure instanceof EvaluationError || failure instanceof OttlError).toBe(true);
      }
    }),
  );
});

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const part of Object.values(value)) frozen(part);
  return Object.freeze(value);
}
