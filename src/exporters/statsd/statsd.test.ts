import { describe, expect, test } from "vitest";
import { COUNTER } from "../../../test/support/counter-metric.ts";
import { fakeTransport } from "../../../test/support/fake-transport.ts";
import { sendingRig } from "../../../test/support/sending-rig.ts";
import { TransportError } from "../../component/transport.ts";
import { seededRandom } from "../../lib/random.ts";
import type { Point } from "../../model/points.ts";
import type { Metric, Series } from "../../model/series.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { config } from "./config.ts";
import { statsdExporter } from "./index.ts";
import { lineShape } from "./line-format.ts";
import { Lines } from "./lines.ts";
import { packets } from "./packets.ts";

const table = new SeriesTable();

function seriesOf(client: string, metric: Partial<Metric> = {}, of = table): Series {
  return of.series(
    of.resource({ "service.instance.id": "edge-1" }),
    of.scope("x"),
    of.metric({ ...COUNTER, ...metric }),
    {
      "gost.client.id": client,
    },
  );
}

const parsed = (input: object) => config.parse(input);
const lineOf = (client: string, input: object) => lineShape(seriesOf(client), parsed(input)).line("5", "c");

describe("a line", () => {
  test.each([
    ["statsd", "gost.client.io.edge-1.alice:5|c"],
    ["dogstatsd", "gost.client.io:5|c|#service.instance.id:edge-1,gost.client.id:alice"],
    ["graphite_tags", "gost.client.io;service.instance.id=edge-1;gost.client.id=alice:5|c"],
    ["influx", "gost.client.io,service.instance.id=edge-1,gost.client.id=alice:5|c"],
  ])("in the format %s", (format, line) => {
    expect(lineOf("alice", { format })).toBe(line);
  });

  test.each([
    ["statsd", ":|#@,;=."],
    ["dogstatsd", ":|#@,"],
    ["graphite_tags", ":|@;="],
    ["influx", ":|@,="],
  ])("of %s cannot be broken by a client's name", (format, marks) => {
    for (const evil of ["a|c\nb:1", "x,y=z;w", "#:@|", "\u0000\u001b[31m", "e1:7|g|@0.1|#t:v", ""]) {
      const line = lineOf(evil, { format });
      expect(line.split("\n")).toHaveLength(1);
      const own = lineOf("alice", { format });
      for (const mark of marks) {
        expect([mark, line.split(mark).length]).toEqual([mark, own.split(mark).length]);
      }
    }
  });

  test("has the configured prefix and tags", () => {
    const line = lineOf("alice", { prefix: "proxy", tags: { env: "prod" }, resource_attributes: [] });
    expect(line).toBe("proxy.gost.client.io:5|c|#env:prod,gost.client.id:alice");
  });
});

describe("what a point says", () => {
  const lines = (input: object = {}) =>
    new Lines(parsed({ resource_attributes: [], ...input }), table, seededRandom(1));
  const point = (series: Series, value: Point["value"], start = 0): Point => ({ series, start, time: 1, value });

  test("a cumulative value is what came since the last one", () => {
    const series = seriesOf("alice");
    const first = lines().of(point(series, 100, 1), undefined);
    expect(first).toEqual({ lines: ["gost.client.io:100|c|#gost.client.id:alice"], sent: { start: 1, values: [100] } });
    expect(lines().of(point(series, 130, 1), { start: 1, values: [100] })).toMatchObject({
      lines: ["gost.client.io:30|c|#gost.client.id:alice"],
    });
    expect(lines().of(point(series, 130, 1), { start: 1, values: [130] })).toMatchObject({ lines: [] });
  });

  test("a value that is older than the last one says nothing, one that began again counts whole", () => {
    const series = seriesOf("alice");
    const before = { start: 5, values: [100] };
    expect(lines().of(point(series, 40, 5), before)).toEqual({ lines: [] });
    expect(lines().of(point(series, 40, 9), before)).toMatchObject({ lines: [expect.stringContaining(":40|c")] });
    expect(lines().of(point(series, 140, 9), before)).toMatchObject({ lines: [expect.stringContaining(":140|c")] });
    expect(lines().of(point(series, 40, 0), { start: 0, values: [100] })).toMatchObject({
      lines: [expect.stringContaining(":40|c")],
    });
  });

  test("a gauge below zero is told as nothing first, where a sign means a change", () => {
    const series = seriesOf("alice", { type: "gauge", monotonic: false, temporality: "unspecified" });
    expect(lines({ format: "statsd" }).of(point(series, -5), undefined)).toEqual({
      lines: ["gost.client.io.alice:0|g", "gost.client.io.alice:-5|g"],
    });
    expect(lines().of(point(series, -5), undefined)).toEqual({ lines: ["gost.client.io:-5|g|#gost.client.id:alice"] });
  });

  test("a histogram is counters of its buckets, or values at their bounds", () => {
    const series = seriesOf("alice", { type: "histogram", monotonic: false, temporality: "delta" });
    const value = { count: 3, sum: 12, bounds: [1, 10], counts: [1, 0, 2] };
    const tags = "#gost.client.id:alice";
    expect(lines().of(point(series, value), undefined)).toEqual({
      lines: [
        `gost.client.io.count:3|c|${tags}`,
        `gost.client.io.sum:12|c|${tags}`,
        `gost.client.io.bucket:1|c|${tags},le:1`,
        `gost.client.io.bucket:2|c|${tags},le:inf`,
      ],
    });
    expect(lines({ histograms: "timing" }).of(point(series, value), undefined)).toEqual({
      lines: [`gost.client.io:1|ms|${tags}`, `gost.client.io:10|ms|@0.5|${tags}`],
    });
  });

  test("numbers have no exponent, and what is no number is left out", () => {
    const series = seriesOf("alice", { type: "gauge", monotonic: false });
    expect(lines().of(point(series, 2 ** 70), undefined)).toMatchObject({
      lines: [expect.stringContaining(":1180591620717411303424|g")],
    });
    expect(lines().of(point(series, 1e-7), undefined)).toMatchObject({
      lines: [expect.stringContaining(":0.0000001|g")],
    });
    expect(lines().of(point(series, Number.NaN), undefined)).toBe("not_a_number");
  });
});

test("packets are filled and never larger than they may be; no line is cut", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `name.${index}:1|c`);
  const all = [...packets(lines, 100, false)];
  for (const { bytes } of all) expect(bytes.length).toBeLessThanOrEqual(100);
  expect(
    all
      .map(({ bytes }) => bytes.toString())
      .join("\n")
      .split("\n"),
  ).toEqual(lines);
  expect(all.length).toBe(Math.ceil(lines.join("\n").length / 100) + 1);
  expect([...packets(["a:1|c", "b:1|c"], 100, true)].map(({ bytes }) => bytes.toString())).toEqual(["a:1|c\nb:1|c\n"]);
});

describe("the exporter", () => {
  /** What a server adds up. */
  function sumsOf(messages: readonly Uint8Array[]): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const line of messages.flatMap((message) => Buffer.from(message).toString().split("\n"))) {
      const [, name, value, type] = /^(.*?):(-?[\d.]+)\|(\w+)/.exec(line) ?? [];
      if (type === "c") sums[name!] = (sums[name!] ?? 0) + Number(value);
    }
    return sums;
  }

  test("its sums at the far end are the totals, whichever packets fail and however often", async () => {
    const random = seededRandom(7);
    let isDown = false;
    const arrived: Uint8Array[] = [];
    const transport = fakeTransport({
      messages(message) {
        if (isDown || random.float() < 0.3) throw new TransportError("ECONNREFUSED", "nobody listens");
        arrived.push(message);
      },
    });
    const rig = await sendingRig(
      statsdExporter,
      {
        format: "statsd",
        max_packet_size: 100,
        resource_attributes: [],
        retry_on_failure: { initial_interval: "10ms", max_interval: "10ms" },
        circuit_breaker: { enabled: false },
      },
      transport,
    );
    const series = Array.from({ length: 20 }, (_, index) => seriesOf(`c${index}`, {}, rig.table));
    const totals = series.map(() => 0);
    for (let round = 0; round < 50; round++) {
      isDown = round > 20 && round < 30;
      const values = totals.map((total, index) => {
        totals[index] = total + random.integer(3) * random.integer(1000);
        return totals[index]!;
      });
      await rig.deliver({ rows: [{ series, start: 1, time: round, values }], points: [] });
      await rig.clock.advanceAsync(20);
    }
    isDown = false;
    await rig.clock.advanceAsync(60_000);
    const expected = Object.fromEntries(totals.map((total, index) => [`gost.client.io.c${index}`, total]));
    expect(sumsOf(arrived)).toEqual(expected);

    // After a restart on the same store what is known there is not said again.
    const again = await rig.restart();
    const sameSeries = series.map((_, index) => seriesOf(`c${index}`, {}, again.table));
    await again.deliver({
      rows: [{ series: sameSeries, start: 1, time: 99, values: totals.map((total) => total + 1) }],
      points: [],
    });
    await again.clock.advanceAsync(60_000);
    const oneMore = Object.fromEntries(totals.map((total, index) => [`gost.client.io.c${index}`, total + 1]));
    expect(sumsOf(arrived)).toEqual(oneMore);
    await again.stop();
  });
});
