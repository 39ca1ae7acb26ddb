import { expect, onTestFinished, test } from "vitest";
import { type FakeTransport, fakeTransport } from "../../../test/support/fake-transport.ts";
import { type ReadSeries, readWriteRequestV1, readWriteRequestV2 } from "../../../test/support/read-write-request.ts";
import { sendingRig } from "../../../test/support/sending-rig.ts";
import type { HttpAnswer, HttpRequest } from "../../component/transport.ts";
import type { Point } from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import type { SeriesTable } from "../../model/series-table.ts";
import { prometheusRemoteWriteExporter } from "./index.ts";

const ENDPOINT = "http://prometheus.test:9090/api/v1/write";
const V2 = { protobuf_message: "io.prometheus.write.v2.Request" };
const WRITTEN = "x-prometheus-remote-write-samples-written";
const LEFT_OUT = "gostcol_exporter_prometheus_remote_write_left_out";
const DROPPED = "gostcol_exporter_dropped_items";

const IO: Metric = {
  name: "gost.client.io",
  unit: "By",
  description: "What clients moved",
  type: "sum",
  monotonic: true,
  temporality: "cumulative",
  number: "int",
};
const GAUGE: Metric = { ...IO, name: "gost.node.up", unit: "", type: "gauge", monotonic: false };

test("1.0 writes sorted labels, job and instance, external labels and target_info", async () => {
  const { deliver, sent } = await rig({ external_labels: { site: "edge", job: "other" } });
  await deliver((table) => [pointOf(table, IO, { "gost.client.id": "alice", "Zone.A": "1" }, 5, 2000.7, 1000)]);
  expect(sent()).toEqual([
    {
      labels: {
        Zone_A: "1",
        __name__: "gost_client_io_bytes_total",
        gost_client_id: "alice",
        instance: "edge-1",
        job: "gost",
        otel_scope_name: "test",
        site: "edge",
      },
      names: ["Zone_A", "__name__", "gost_client_id", "instance", "job", "otel_scope_name", "site"],
      samples: ["5@2000"],
      exemplars: [],
    },
    {
      labels: { __name__: "target_info", deployment: "lab", instance: "edge-1", job: "gost", site: "edge" },
      names: ["__name__", "deployment", "instance", "job", "site"],
      samples: ["1@2000"],
      exemplars: [],
    },
  ]);
});

test("each version is announced as its specification says", async () => {
  for (const [config, type, version] of [
    [{}, "application/x-protobuf", "0.1.0"],
    [V2, "application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"],
  ] as const) {
    const { deliver, transport } = await rig({ ...config, headers: { "X-Scope-OrgID": "7", "Content-Type": "no" } });
    await deliver((table) => [pointOf(table, IO, {}, 5, 2000)]);
    expect(requests(transport)[0]).toMatchObject({
      method: "POST",
      url: new URL(ENDPOINT),
      headers: {
        "content-type": type,
        "content-encoding": "snappy",
        "x-prometheus-remote-write-version": version,
        "user-agent": "gostcol",
        "x-scope-orgid": "7",
      },
    });
  }
});

test("2.0 tells what a metric is and when it began", async () => {
  const { deliver, sent } = await rig(V2);
  await deliver((table) => [pointOf(table, IO, {}, 5, 2000, 1000), pointOf(table, GAUGE, {}, 1, 2000, 1000)]);
  const [counter, gauge, target] = sent();
  expect(counter).toMatchObject({ samples: ["5@2000 from 1000"], metadata: [1, "What clients moved", "bytes"] });
  expect(gauge).toMatchObject({ samples: ["1@2000"], metadata: [2, "What clients moved", ""] });
  expect(target).toMatchObject({ labels: { __name__: "target_info" }, metadata: [6, "Target metadata", ""] });
});

test("a histogram becomes buckets that add up, its sum and its count, with the exemplars in their buckets", async () => {
  const histogram: Metric = { ...IO, name: "latency", unit: "s", type: "histogram", monotonic: false };
  for (const version of [{}, V2]) {
    const { deliver, sent } = await rig({ ...version, target_info: { enabled: false } });
    const exemplars = [{ time: 1500, value: 0.3, traceId: "aa", spanId: "bb", attributes: {} }];
    const value = { count: 6, sum: 7.5, bounds: [0.25, 1], counts: [1, 2, 3] };
    await deliver((table) => [{ ...pointOf(table, histogram, {}, value, 2000), extra: { exemplars } }]);
    expect(sent().map(({ labels, samples }) => [labels["__name__"], labels["le"], samples])).toEqual([
      ["latency_seconds_bucket", "0.25", ["1@2000"]],
      ["latency_seconds_bucket", "1", ["3@2000"]],
      ["latency_seconds_bucket", "+Inf", ["6@2000"]],
      ["latency_seconds_sum", undefined, ["7.5@2000"]],
      ["latency_seconds_count", undefined, ["6@2000"]],
    ]);
    expect(sent().map(({ exemplars: its }) => its)).toEqual([
      [],
      [{ labels: { span_id: "bb", trace_id: "aa" }, sample: "0.3@1500" }],
      [],
      [],
      [],
    ]);
    await deliver((table) => [{ ...pointOf(table, histogram, {}, value, 3000), extra: { noRecordedValue: true } }]);
    expect(sent().map(({ samples }) => samples)).toEqual(Array(5).fill(["stale@3000"]));
  }
});

test("a point without a recorded value is a staleness marker", async () => {
  const { deliver, sent } = await rig({ target_info: { enabled: false } });
  await deliver((table) => [{ ...pointOf(table, GAUGE, {}, 0, 2000), extra: { noRecordedValue: true } }]);
  expect(sent()[0]!.samples).toEqual(["stale@2000"]);
});

test("every sample of a series is later than the one before, in one request and in the next", async () => {
  const { deliver, sent } = await rig({ target_info: { enabled: false } });
  await deliver((table) => [pointOf(table, IO, {}, 1, 2000), pointOf(table, IO, {}, 2, 2000.5)]);
  expect(sent()[0]!.samples).toEqual(["1@2000", "2@2001"]);
  // The clock was set back.
  await deliver((table) => [pointOf(table, IO, {}, 3, 1500)]);
  expect(sent()[0]!.samples).toEqual(["3@2002"]);
  await deliver((table) => [pointOf(table, IO, {}, 4, 9000)]);
  expect(sent()[0]!.samples).toEqual(["4@9000"]);
});

test("a repetition writes the same samples again", async () => {
  let failures = 2;
  const { deliver, transport, clock } = await rig({}, () => (failures-- > 0 ? { status: 500 } : { status: 204 }));
  await deliver((table) => [pointOf(table, IO, {}, 1, 2000), pointOf(table, IO, {}, 2, 2000)]);
  await clock.advanceAsync(60_000);
  const bodies = requests(transport).map(({ body }) => readWriteRequestV1(body));
  expect(bodies).toHaveLength(3);
  expect(bodies[1]).toEqual(bodies[0]);
  expect(bodies[2]).toEqual(bodies[0]);
});

test("what is no cumulative data and no gauge is left out and counted", async () => {
  const { deliver, transport, total } = await rig();
  await deliver((table) => [
    pointOf(table, { ...IO, temporality: "delta" }, {}, 1, 2000),
    pointOf(table, { ...IO, temporality: "unspecified" }, {}, 1, 2000),
    pointOf(table, { ...IO, name: "..." }, {}, 1, 2000),
  ]);
  expect(requests(transport)).toEqual([]);
  for (const reason of ["delta", "unspecified_temporality", "invalid_name"]) {
    expect(total(LEFT_OUT, { reason }), reason).toBe(1);
  }
});

test("an older point of a counter that arrives late is left out, and a restart of it is not", async () => {
  const { deliver, sent, total } = await rig({ target_info: { enabled: false } });
  await deliver((table) => [pointOf(table, IO, {}, 10, 2000, 500), pointOf(table, IO, {}, 9, 1000, 500)]);
  expect(sent()[0]!.samples).toEqual(["10@2000"]);
  expect(total(LEFT_OUT, { reason: "out_of_order" })).toBe(1);
  await deliver((table) => [pointOf(table, IO, {}, 1, 3000, 2500)]);
  expect(sent()[0]!.samples).toEqual(["1@3000"]);
});

test("two series with the same labels never take turns, until the first is silent for five minutes", async () => {
  const { deliver, sent, total, clock } = await rig({ target_info: { enabled: false } });
  const one = (table: SeriesTable) => pointOf(table, IO, { "a.b": "x" }, 10, 2000);
  const other = (time: number) => (table: SeriesTable) => pointOf(table, IO, { a_b: "x" }, 70, time);
  await deliver((table) => [one(table), other(2000)(table)]);
  expect(sent().map(({ samples }) => samples)).toEqual([["10@2000"]]);
  expect(total(LEFT_OUT, { reason: "duplicate" })).toBe(1);
  await clock.advanceAsync(300_000);
  await deliver((table) => [other(400_000)(table)]);
  expect(sent().map(({ samples }) => samples)).toEqual([["70@400000"]]);
});

test("429 and 5xx are tried again when the receiver says, other statuses are refused for good", async () => {
  for (const status of [429, 500, 501, 503]) {
    let failures = 1;
    const { deliver, transport, clock } = await rig({}, () =>
      failures-- > 0 ? { status, headers: { "retry-after": "20" } } : { status: 204 },
    );
    await deliver((table) => [pointOf(table, IO, {}, 1, 2000)]);
    await clock.advanceAsync(19_000);
    expect(requests(transport), String(status)).toHaveLength(1);
    await clock.advanceAsync(20_000);
    expect(requests(transport), String(status)).toHaveLength(2);
  }
  for (const status of [400, 401, 404, 415]) {
    const { deliver, transport, total, clock } = await rig({}, () => ({ status }));
    await deliver((table) => [pointOf(table, IO, {}, 1, 2000)]);
    await clock.advanceAsync(600_000);
    expect(requests(transport)).toHaveLength(1);
    expect(total(DROPPED, { data_type: "metrics", reason: `http_${status}` })).toBe(1);
  }
});

test("of a request that a receiver of 2.0 took in part, the rest is counted", async () => {
  const { deliver, total } = await rig({ ...V2, target_info: { enabled: false } }, () => ({
    status: 400,
    headers: { [WRITTEN]: "2" },
  }));
  await deliver((table) => [1, 2, 3].map((index) => pointOf(table, IO, { client: `${index}` }, 1, 2000)));
  expect(total(DROPPED, { data_type: "metrics", reason: "partial_success" })).toBe(1);
  expect(total("otelcol_exporter_sent_metric_points")).toBe(2);
});

test("a success without a count is no success for 2.0, for nothing was understood", async () => {
  const { deliver, total } = await rig(V2, () => ({ status: 204 }));
  await deliver((table) => [pointOf(table, IO, {}, 1, 2000)]);
  expect(total(DROPPED, { data_type: "metrics", reason: "not_understood" })).toBe(1);
});

test("where a receiver of 1.0 refuses a request, the newest sample of each series is sent alone", async () => {
  let requestsSoFar = 0;
  const { deliver, sent, total } = await rig({ target_info: { enabled: false } }, () => ({
    status: requestsSoFar++ === 0 ? 400 : 204,
  }));
  await deliver((table) => [
    pointOf(table, IO, { client: "alice" }, 1, 2000),
    pointOf(table, IO, { client: "alice" }, 2, 3000),
    pointOf(table, IO, { client: "bob" }, 7, 3000),
  ]);
  expect(sent().map(({ samples }) => samples)).toEqual([["2@3000"], ["7@3000"]]);
  expect(total(DROPPED, { data_type: "metrics", reason: "partial_success" })).toBe(1);
});

test("_created series tell when a counter began, where they are asked for", async () => {
  const { deliver, sent } = await rig({ export_created_metric: { enabled: true }, target_info: { enabled: false } });
  await deliver((table) => [pointOf(table, IO, {}, 5, 2000, 1500), pointOf(table, GAUGE, {}, 1, 2000, 1500)]);
  expect(sent().map(({ labels, samples }) => [labels["__name__"], samples])).toEqual([
    ["gost_client_io_bytes_total", ["5@2000"]],
    ["gost_client_io_bytes_created", ["1.5@2000"]],
    ["gost_node_up", ["1@2000"]],
  ]);
});

test("a series that was forgotten and comes again is written as before", async () => {
  const { deliver, sent, table } = await rig({ target_info: { enabled: false } });
  for (const time of [2000, 3000]) {
    await deliver((its) => [pointOf(its, IO, {}, 5, time)]);
    expect(sent()[0]!.samples).toEqual([`5@${time}`]);
    table.sweep(0);
    expect(table.size).toBe(0);
  }
});

type Answer = (request: HttpRequest) => Partial<HttpAnswer> & { readonly status: number };

test("a stored total that is idle is written once more, with the present time, and what comes next is later", async () => {
  const { deliver, sent, clock, table, transport, total } = await rig({
    resend_interval: "60s",
    target_info: { enabled: false },
  });
  const kept = (value: number, time: number) => pointOf(table, IO, { "gost.client.id": "alice" }, value, time, 1000);
  table.pin(kept(0, 0).series);
  const at = clock.now();
  await deliver(() => [kept(5, at), pointOf(table, IO, { "gost.client.id": "gone" }, 7, at, 1000)]);
  await clock.advanceAsync(59_000);
  expect(requests(transport)).toHaveLength(1);
  await clock.advanceAsync(1_000);
  expect(requests(transport)).toHaveLength(2);
  expect(sent().map(({ labels, samples }) => [labels["gost_client_id"], samples])).toEqual([
    ["alice", [`5@${at + 60_000}`]],
  ]);
  await deliver(() => [kept(6, at + 30_000)]);
  expect(sent()[0]!.samples).toEqual([`6@${at + 60_001}`]);
  await clock.advanceAsync(59_000);
  expect(requests(transport)).toHaveLength(3);
  await clock.advanceAsync(16_000);
  expect(requests(transport)).toHaveLength(4);
  expect(sent()[0]!.samples).toEqual([`6@${at + 120_000}`]);
  expect(total("gostcol_exporter_prometheus_remote_write_repeated")).toBe(2);
});

test("what has no value any more is not repeated, and neither is anything where that is turned off", async () => {
  for (const [resend_interval, stale] of [
    ["60s", true],
    ["0s", false],
  ] as const) {
    const { deliver, clock, table, transport } = await rig({ resend_interval });
    const point = pointOf(table, GAUGE, {}, 1, clock.now());
    table.pin(point.series);
    await deliver(() => [stale ? { ...point, extra: { noRecordedValue: true } } : point]);
    await clock.advanceAsync(600_000);
    expect(requests(transport)).toHaveLength(1);
  }
});

test("idle series wait while the backend is away: one request is tried each time, and none is kept", async () => {
  let isAway = false;
  const { deliver, clock, table, transport, sent } = await rig({ resend_interval: "60s" }, () =>
    isAway ? { status: 503 } : { status: 204 },
  );
  const point = pointOf(table, IO, {}, 5, clock.now(), 1000);
  table.pin(point.series);
  await deliver(() => [point]);
  isAway = true;
  await clock.advanceAsync(300_000);
  expect(requests(transport)).toHaveLength(6);
  isAway = false;
  await clock.advanceAsync(60_000);
  expect(requests(transport)).toHaveLength(7);
  expect(sent()[0]!.samples).toEqual([`5@${clock.now()}`]);
});

async function rig(config: object = {}, answer?: Answer) {
  const isV2 = "protobuf_message" in config;
  const taken = { status: 204, headers: isV2 ? { [WRITTEN]: "1000" } : {} };
  const transport = fakeTransport({
    http: (request) => ({ headers: {}, body: new Uint8Array(), ...(answer?.(request) ?? taken) }),
  });
  const its = await sendingRig(prometheusRemoteWriteExporter, { endpoint: ENDPOINT, ...config }, transport);
  onTestFinished(() => its.stop());
  return {
    ...its,
    transport,
    async deliver(points: (table: SeriesTable) => readonly Point[]) {
      expect(await its.deliver({ rows: [], points: points(its.table) })).toEqual({ taken: true });
      await its.clock.advanceAsync(0);
    },
    /** The last request's series. */
    sent(): ReadSeries[] {
      return (isV2 ? readWriteRequestV2 : readWriteRequestV1)(requests(transport).at(-1)!.body);
    },
  };
}

function requests(transport: FakeTransport): HttpRequest[] {
  return transport.sent.flatMap((sent) => (sent.type === "http" ? [sent.request] : []));
}

function pointOf(
  table: SeriesTable,
  metric: Metric,
  attributes: Readonly<Record<string, string>>,
  value: Point["value"],
  time: number,
  start = 0,
): Point {
  const resource = table.resource({
    "service.name": "gost",
    "service.instance.id": "edge-1",
    deployment: "lab",
  });
  return { series: table.series(resource, table.scope("test"), table.metric(metric), attributes), start, time, value };
}
