import fc from "fast-check";
import { expect, test } from "vitest";
import { type Attributes, attributesKey } from "./attributes.ts";
import type { Metric, Source } from "./series.ts";
import { type MemberIdentity, SeriesTable } from "./series-table.ts";

const METRIC: Metric = {
  name: "gost.client.io",
  unit: "By",
  description: "",
  type: "sum",
  monotonic: true,
  temporality: "unspecified",
  number: "int",
};
const SOURCE: Source = { key: "edge-1/handler/web", node: "edge-1", kind: "handler", service: "web" };

function identity(table: SeriesTable, attributes: Attributes) {
  return {
    resource: table.resource({ "service.name": "gost" }),
    scope: table.scope("gost"),
    metric: table.metric(METRIC),
    attributes,
  };
}

function member(table: SeriesTable, attributes: Attributes): MemberIdentity {
  return { ...identity(table, attributes), behaviour: "by_mode" };
}

function plainSeries(table: SeriesTable, attributes: Attributes) {
  const { resource, scope, metric } = identity(table, attributes);
  return table.series(resource, scope, metric, attributes);
}

test("equal identities are one object, whatever the order of their attributes", () => {
  const table = new SeriesTable();
  const first = plainSeries(table, { a: "1", b: 2 });
  expect(plainSeries(table, { b: 2, a: "1" })).toBe(first);
  expect(plainSeries(table, { b: "2", a: "1" })).not.toBe(first);
  expect(table.size).toBe(2);
});

test("attributes have equal keys exactly when they are equal", () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean());
  const attributes = fc.dictionary(fc.string(), value, { maxKeys: 3 });
  fc.assert(
    fc.property(attributes, attributes, (left, right) => {
      const sorted = (of: Attributes) => JSON.stringify(Object.entries(of).sort());
      expect(attributesKey(left) === attributesKey(right)).toBe(sorted(left) === sorted(right));
    }),
  );
});

test("a stream knows its members and each member its stream; asked for again it is the same", () => {
  const table = new SeriesTable();
  const ask = () => table.stream("key", SOURCE, "alice", [member(table, { d: "in" }), member(table, { d: "out" })]);
  const stream = ask();
  expect(ask()).toBe(stream);
  expect(stream.members.map(({ series }) => series.stream)).toEqual([stream, stream]);
  expect(table.size).toBe(2);
});

test("a stream whose members changed replaces the earlier one, with series of new ids", () => {
  const table = new SeriesTable();
  const before = table.stream("key", SOURCE, "alice", [member(table, { d: "in" })]);
  const after = table.stream("key", SOURCE, "alice", [{ ...member(table, { d: "in" }), behaviour: "level" }]);
  expect(after).not.toBe(before);
  expect(after.members[0]!.series.id).not.toBe(before.members[0]!.series.id);
  expect(table.size).toBe(1);
});

test("a member's companion for what is uncertain lives and goes with the stream", () => {
  const table = new SeriesTable();
  const companion = identity(table, { uncertain: true });
  const stream = table.stream("key", SOURCE, undefined, [{ ...member(table, {}), uncertain: companion }]);
  expect(stream.members[0]!.uncertain?.attributes).toEqual({ uncertain: true });
  expect(table.size).toBe(2);
  table.sweep(0);
  expect(table.size).toBe(0);
});

test("a sweep forgets what was not used for long, in the table and in every memo", () => {
  const table = new SeriesTable();
  const evicted: string[] = [];
  const memo = table.memo<string>((_, value) => evicted.push(value));
  const old = plainSeries(table, { client: "old" });
  memo.set(old, "old");
  const used = plainSeries(table, { client: "used" });
  memo.set(used, "used");
  table.sweep(2);
  table.touch(used);
  table.sweep(2);
  table.touch(used);
  expect(table.sweep(2)).toBe(1);
  expect(evicted).toEqual(["old"]);
  expect(memo.get(old)).toBeUndefined();
  expect(memo.get(used)).toBe("used");
  expect(plainSeries(table, { client: "used" })).toBe(used);
  const again = plainSeries(table, { client: "old" });
  expect(again.id).toBeGreaterThan(used.id);
});

test("a pinned series is never swept, and goes once it is released", () => {
  const table = new SeriesTable();
  const series = plainSeries(table, { client: "alice" });
  const release = table.pin(series);
  table.pin(series)();
  for (let round = 0; round < 5; round++) expect(table.sweep(0)).toBe(0);
  release();
  release();
  expect(table.sweep(0)).toBe(1);
});

test("pinning one member keeps the whole stream", () => {
  const table = new SeriesTable();
  const stream = table.stream("key", SOURCE, undefined, [member(table, { d: "in" }), member(table, { d: "out" })]);
  const release = table.pin(stream.members[1]!.series);
  table.sweep(0);
  table.sweep(0);
  expect(table.size).toBe(2);
  release();
  expect(table.sweep(0)).toBe(2);
});

test("a disposed memo is told of nothing any more", () => {
  const table = new SeriesTable();
  const evicted: string[] = [];
  const memo = table.memo<string>((_, value) => evicted.push(value));
  memo.set(plainSeries(table, {}), "x");
  memo.dispose();
  table.sweep(0);
  expect(evicted).toEqual([]);
});

test("a resource that somebody keeps after its last series was swept is still the only one", () => {
  const table = new SeriesTable();
  const series = plainSeries(table, {});
  const { resource, scope, metric } = series;
  for (let generation = 0; generation < 3; generation++) table.sweep(1);
  expect(table.size).toBe(0);
  const again = plainSeries(table, {});
  expect([again.resource === resource, again.scope === scope, again.metric === metric]).toEqual([true, true, true]);
});
