import { expect, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { seededRandom } from "../../lib/random.ts";
import { allPoints, type Point, Row } from "../points.ts";
import type { Series } from "../series.ts";
import { SeriesTable } from "../series-table.ts";
import { MetricsReader } from "./metrics-reader.ts";
import { MetricsWriter } from "./metrics-writer.ts";
import { BEGIN_MS } from "./test-kit.ts";

function seriesOf(table: SeriesTable, count: number): readonly Series[] {
  const [resource, scope] = [table.resource({ node: "edge-1" }), table.scope("gost")];
  const metrics = ["io", "connections"].map((name) => table.metric({ ...COUNTER, name }));
  const one = (index: number) =>
    table.series(resource, scope, metrics[index % 2]!, { client: `${index}`.repeat(1 + (index % 40)) });
  return Array.from({ length: count }, (_, index) => one(index));
}

const values = (points: readonly Point[]) => new Map(points.map(({ series, ...rest }) => [series, rest]));

test("points are written right in whatever order they come, with or without their neighbours", () => {
  const random = seededRandom(7);
  const table = new SeriesTable();
  const series = seriesOf(table, 1000);
  const writer = new MetricsWriter(table);
  const reader = new MetricsReader(table);
  for (let round = 0; round < 20; round++) {
    const chosen = series
      .filter(() => random.integer(20) >= round)
      .map((each) => ({ each, place: round % 2 === 0 ? 0 : random.integer(1000) }))
      .sort((a, b) => a.place - b.place);
    const points = chosen.map(({ each }) => ({
      series: each,
      start: BEGIN_MS + random.integer(2),
      time: BEGIN_MS + 1000 + random.integer(2),
      value: random.integer(2 ** 31) * 1000,
    }));
    const bytes = writer.write({ rows: [], points });
    expect(values(allPoints(reader.read(bytes)))).toEqual(values(points));
    writer.recycle(bytes); // What comes next is written over it.
  }
});

test("a series that comes several times in a request, alone and in rows, has each of its values there in order", () => {
  const random = seededRandom(11);
  const table = new SeriesTable();
  const series = seriesOf(table, 300);
  const ofOneMetric = series.filter((_, index) => index % 2 === 0);
  const writer = new MetricsWriter(table);
  const reader = new MetricsReader(table);
  for (let round = 0; round < 20; round++) {
    const time = () => BEGIN_MS + random.integer(3);
    const value = () => random.integer(2 ** 40) - 2 ** 39;
    const rows = [ofOneMetric, series.slice(0, 5), ofOneMetric, series.slice(3, 8)].map(
      (its) => new Row(its, BEGIN_MS, time(), its.map(value)),
    );
    const points = Array.from({ length: 1 + random.integer(2000) }, () => {
      const its = series[random.integer(random.integer(series.length) + 1)]!;
      return { series: its, start: BEGIN_MS, time: time(), value: value() };
    });
    const bytes = writer.write({ rows, points });
    expect(inOrder(allPoints(reader.read(bytes)))).toEqual(inOrder(allPoints({ rows, points })));
    writer.recycle(bytes);
  }
});

const inOrder = (points: readonly Point[]) =>
  new Map(
    [...Map.groupBy(points, ({ series }) => series)].map(([series, its]) => [
      series,
      its.map(({ time, value }) => [time, value]),
    ]),
  );

test("a request of very many points is as right as those before and after it", () => {
  const table = new SeriesTable();
  const few = seriesOf(table, 10);
  const writer = new MetricsWriter(table);
  const reader = new MetricsReader(table);
  const read = (points: readonly Point[]) => values(allPoints(reader.read(writer.write({ rows: [], points }))));
  for (const times of [1, 20_000, 1]) {
    // The last of each series is what is left to compare.
    const points = Array.from({ length: times }, (_, at) =>
      few.map((series) => ({ series, start: BEGIN_MS, time: BEGIN_MS + at, value: at })),
    ).flat();
    expect(read(points)).toEqual(values(points));
  }
});

test("bytes that nobody gave back stay as they are", () => {
  const table = new SeriesTable();
  const series = seriesOf(table, 1000);
  const writer = new MetricsWriter(table);
  const write = (value: number) =>
    writer.write({
      rows: [
        new Row(
          series,
          0,
          BEGIN_MS,
          series.map(() => value),
        ),
      ],
      points: [],
    });
  const [first, second] = [write(1), write(2)];
  const before = Buffer.from(second);
  writer.recycle(first);
  const third = write(3);
  expect(third.buffer).toBe(first.buffer);
  expect(write(4).buffer).not.toBe(third.buffer);
  expect(Buffer.compare(second, before)).toBe(0);
});
