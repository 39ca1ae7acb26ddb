import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { type ExporterRig, exporterRig } from "../../../test/support/exporter-rig.ts";
import { readExposition } from "../../../test/support/read-exposition.ts";
import type { Attributes } from "../../model/attributes.ts";
import type { Histogram, Point, PointExtra } from "../../model/points.ts";
import type { Metric, Series } from "../../model/series.ts";
import { prometheusExporter } from "./index.ts";

const NODE = { "service.name": "gost", "service.instance.id": "edge-1" };
const MINUTE_MS = 60_000;
let rig: ExporterRig;

afterEach(() => rig?.stop());

async function started(config: Record<string, unknown> = {}): Promise<void> {
  rig = await exporterRig(prometheusExporter, { without_scope_info: true, ...config });
  rig.restored();
}

interface SeriesOptions {
  readonly metric?: Partial<Metric>;
  readonly node?: Attributes;
  readonly attributes?: Attributes;
}

const IO: Metric = {
  name: "gost.client.io",
  unit: "By",
  description: "Bytes",
  type: "sum",
  monotonic: true,
  temporality: "cumulative",
  number: "int",
};

function series({ metric = {}, node = NODE, attributes = {} }: SeriesOptions = {}): Series {
  const { table } = rig;
  const scope = table.scope("gost", "1.2", { "sc.attr": "v" });
  return table.series(table.resource(node), scope, table.metric({ ...IO, ...metric }), attributes);
}

function point(
  of: Series,
  value: number | Histogram,
  rest: { start?: number; time?: number; extra?: PointExtra } = {},
): Point {
  return { series: of, start: 1000, time: rig.clock.now(), value, ...rest };
}

const show = (...points: Point[]) => rig.send("metrics", { rows: [], points });

async function page(accept?: string): Promise<string> {
  const connection = rig.network.server().connect();
  const headers = accept === undefined ? {} : { accept };
  const { text } = await connection.send({ method: "GET", path: "/metrics", headers });
  connection.end();
  return text;
}

/** The lines of values, without target_info. */
async function lines(accept?: string): Promise<string[]> {
  const all = (await page(accept)).split("\n");
  return all.filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("target_info"));
}

const dropped = (reason: string) => rig.total("gostcol_exporter_prometheus_dropped", { reason });

describe("a scrape", () => {
  test("shows GOST's totals under the names and labels that Prometheus users expect", async () => {
    await started();
    const attributes = {
      "gost.service.name": "service-0",
      "gost.client.id": "user1",
      "network.io.direction": "receive",
    };
    show(point(series({ attributes }), 235));
    expect(await page()).toBe(
      [
        "# HELP gost_client_io_bytes_total Bytes",
        "# TYPE gost_client_io_bytes_total counter",
        'gost_client_io_bytes_total{gost_client_id="user1",gost_service_name="service-0",instance="edge-1",job="gost",network_io_direction="receive"} 235',
        "",
      ].join("\n"),
    );
  });

  test("shows nothing that is not committed, and the last value to arrive", async () => {
    await started();
    const io = series();
    const commit = rig.stage("metrics", { rows: [], points: [point(io, 1)] });
    expect(await lines()).toEqual([]);
    commit();
    show(point(io, 2), point(io, 3));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 3']);
    expect(rig.total("gostcol_exporter_prometheus_series")).toBe(1);
    expect(rig.total("gostcol_exporter_prometheus_scrapes", { format: "text" })).toBe(2);
  });

  test("is refused until the stored totals are there, for a page without them would end their series", async () => {
    rig = await exporterRig(prometheusExporter);
    const scrape = async () => {
      const connection = rig.network.server().connect();
      const { answer } = await connection.send({ method: "GET", path: "/metrics" });
      connection.end();
      return answer?.status;
    };
    expect(await scrape()).toBe(503);
    rig.restored();
    expect(await scrape()).toBe(200);
  });

  test("tells a change after an unchanged scrape was shared", async () => {
    await started();
    const io = series();
    show(point(io, 1));
    expect(await page()).toBe(await page());
    show(point(io, 2));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 2']);
  });

  test("keeps two nodes apart, and one series per client whatever it is called", async () => {
    await started();
    const clients = ['a"b', "a\\b", "a\nb", "😀", "a", " a", 'a,b="c"'];
    for (const client of clients) show(point(series({ attributes: { "gost.client.id": client } }), 1));
    show(
      point(series({ attributes: { "gost.client.id": "a" }, node: { ...NODE, "service.instance.id": "edge-2" } }), 2),
    );
    const { samples } = readExposition(await page());
    const seen = samples.map(({ labels }) => `${labels["instance"]} ${labels["gost_client_id"]}`);
    expect(seen).toEqual([...clients.map((client) => `edge-1 ${client}`), "edge-2 a"]);
  });

  test("writes histograms, gauges and up-down counts as what they are", async () => {
    await started();
    const value = { count: 3, sum: 4.5, bounds: [1], counts: [1, 2] };
    show(
      point(series({ metric: { name: "h", unit: "s", type: "histogram", monotonic: false } }), value),
      point(series({ metric: { name: "active", unit: "{connection}", monotonic: false } }), 5),
      point(series({ metric: { name: "r", unit: "1", type: "gauge", monotonic: false } }), 0.5),
    );
    const { types, samples } = readExposition(await page());
    expect(Object.fromEntries(types)).toEqual({ active: "gauge", h_seconds: "histogram", r_ratio: "gauge" });
    expect(samples.map(({ name, value }) => [name, value])).toEqual([
      ["active", 5],
      ["h_seconds_bucket", 1],
      ["h_seconds_bucket", 3],
      ["h_seconds_sum", 4.5],
      ["h_seconds_count", 3],
      ["r_ratio", 0.5],
    ]);
  });

  test("is OpenMetrics only where that is enabled", async () => {
    const accept = "application/openmetrics-text;version=1.0.0";
    await started();
    show(point(series(), 1));
    expect(await page(accept)).not.toContain("# EOF");
    await rig.stop();
    await started({ enable_open_metrics: true, export_created_metric: { enabled: true }, send_timestamps: true });
    show(point(series(), 1, { start: 1500, time: 2000 }));
    expect(await page(accept)).toBe(
      [
        "# HELP gost_client_io_bytes Bytes",
        "# TYPE gost_client_io_bytes counter",
        "# UNIT gost_client_io_bytes bytes",
        'gost_client_io_bytes_total{instance="edge-1",job="gost"} 1 2',
        'gost_client_io_bytes_created{instance="edge-1",job="gost"} 1.5 2',
        "# EOF",
        "",
      ].join("\n"),
    );
  });
});

describe("names and labels", () => {
  test("follow namespace, strategy and constant labels", async () => {
    await started({ namespace: "my", translation_strategy: "NoTranslation", const_labels: { site: "x", job: "no" } });
    show(point(series({ attributes: { "a.b": "c" } }), 1));
    expect(await lines("text/plain;version=1.0.0;escaping=allow-utf-8")).toEqual([
      '{"my_gost.client.io","a.b"="c",instance="edge-1",job="gost",site="x"} 1',
    ]);
  });

  test("have no suffixes where the old option says so, and the new one comes first", async () => {
    await started({ add_metric_suffixes: false });
    show(point(series(), 1));
    expect(await lines()).toEqual(['gost_client_io{instance="edge-1",job="gost"} 1']);
    await rig.stop();
    await started({ add_metric_suffixes: false, translation_strategy: "UnderscoreEscapingWithSuffixes" });
    show(point(series(), 1));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 1']);
  });

  test("tell the scope unless they are not to", async () => {
    await started({ without_scope_info: false });
    show(point(series(), 1));
    expect(await lines()).toEqual([
      'gost_client_io_bytes_total{instance="edge-1",job="gost",otel_scope_name="gost",otel_scope_sc_attr="v",otel_scope_version="1.2"} 1',
    ]);
  });

  test("tell the resource where that is wanted, but for what job and instance say already", async () => {
    const node = { ...NODE, "service.namespace": "ns", "deployment.environment": "prod", own: "no" };
    await started({ resource_to_telemetry_conversion: { enabled: true, exclude_service_attributes: true } });
    show(point(series({ node, attributes: { own: "yes" } }), 1));
    expect(await lines()).toEqual([
      'gost_client_io_bytes_total{deployment_environment="prod",instance="edge-1",job="ns/gost",own="yes"} 1',
    ]);
  });

  test("join what falls on one name, and rename what Prometheus would mistake", async () => {
    await started();
    show(point(series({ attributes: { "a.b": "1", a_b: "2", job: "j", __name__: "n", le: "3" } }), 1));
    expect(await lines()).toEqual([
      'gost_client_io_bytes_total{a_b="1;2",exported___name__="n",exported_job="j",instance="edge-1",job="gost",le="3"} 1',
    ]);
  });
});

describe("target_info", () => {
  const targets = async () => (await page()).split("\n").filter((line) => line.startsWith("target_info"));

  test("tells what else is known of each resource on show, and goes with its last series", async () => {
    await started();
    const prod = series({ node: { ...NODE, "deployment.environment": "prod", "a.b": "1", a_b: "2" } });
    show(point(prod, 1), point(series({ node: { ...NODE, "service.instance.id": "bare" } }), 1));
    expect(await targets()).toEqual([
      'target_info{a_b="1;2",deployment_environment="prod",instance="edge-1",job="gost"} 1',
    ]);
    show(point(prod, 0, { extra: { noRecordedValue: true } }));
    expect(await targets()).toEqual([]);
  });

  test("is there once for a job and instance, for a join would fail on two", async () => {
    await started();
    const [first, second] = ["1", "2"].map((x) => series({ node: { ...NODE, x }, attributes: { x } }));
    show(point(first!, 1), point(second!, 1));
    expect(await targets()).toEqual(['target_info{instance="edge-1",job="gost",x="1"} 1']);
    show(point(first!, 0, { extra: { noRecordedValue: true } }));
    expect(await targets()).toEqual(['target_info{instance="edge-1",job="gost",x="2"} 1']);
  });
});

describe("conflicts", () => {
  test("of types: the first stays, the other is dropped, counted, and told once", async () => {
    await started();
    const gauge = series({ metric: { name: "gost.client.io.bytes.total", unit: "", type: "gauge", monotonic: false } });
    show(point(series(), 1), point(gauge, 7), point(gauge, 8));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 1']);
    expect(dropped("type_conflict")).toBe(2);
    expect(rig.total("gostcol_exporter_prometheus_conflicts", { kind: "type" })).toBe(1);
    expect(rig.logged.length).toBe(1);
    expect(rig.logged[0]).toContain("warn gost.client.io.bytes.total is not shown");
  });

  test("of help: the first stays, and nothing is dropped", async () => {
    await started();
    show(point(series(), 1));
    const other = { description: "Other" };
    show(
      point(series({ metric: other, attributes: { a: "1" } }), 2),
      point(series({ metric: other, attributes: { a: "2" } }), 3),
    );
    const { help, samples } = readExposition(await page());
    expect(help.get("gost_client_io_bytes_total")).toBe("Bytes");
    expect(samples.length).toBe(3);
    expect(rig.total("gostcol_exporter_prometheus_conflicts", { kind: "help" })).toBe(1);
  });

  test("of two sources under one set of labels: their values never take turns", async () => {
    await started();
    const [first, second] = ["1", "2"].map((x) => series({ node: { ...NODE, x } }));
    for (let turn = 1; turn <= 3; turn++) show(point(first!, turn), point(second!, 100 * turn));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 3']);
    expect(dropped("duplicate")).toBe(3);
  });

  test("of one source that is described anew: it takes its place over with its second point", async () => {
    await started();
    const [before, after] = ["1", "2"].map((x) => series({ node: { ...NODE, x } }));
    show(point(before!, 10));
    show(point(after!, 11));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 10']);
    show(point(after!, 12));
    expect(await page()).toContain('gost_client_io_bytes_total{instance="edge-1",job="gost"} 12\n');
    expect(await page()).toContain('target_info{instance="edge-1",job="gost",x="2"} 1');
    expect(rig.total("gostcol_exporter_prometheus_series")).toBe(1);
  });

  test("end with the series that was first: the one that waited is shown at once", async () => {
    await started();
    const [first, second] = ["1", "2"].map((x) => series({ node: { ...NODE, x } }));
    show(point(first!, 1), point(second!, 2));
    show(point(first!, 0, { extra: { noRecordedValue: true } }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 2']);
    show(point(second!, 3));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 3']);
  });
});

describe("what cannot be shown", () => {
  test.each([
    ["unspecified_temporality", { temporality: "unspecified" }, "delta_to_cumulative"],
    ["delta_up_down", { temporality: "delta", monotonic: false }, "delta_to_cumulative"],
    ["unsupported_type", { type: "summary" }, "not supported"],
    ["invalid_name", { name: "计数" }, "translation_strategy"],
  ] as const)("is dropped as %s, counted, and the log says what to do", async (reason, metric, advice) => {
    await started();
    show(point(series({ metric }), 1), point(series(), 2));
    expect((await lines()).length).toBe(1);
    expect(dropped(reason)).toBe(1);
    expect(rig.logged[0]).toContain(advice);
  });

  test("is every series above the limit, until others go", async () => {
    await started({ limits: { series: 2 }, metric_expiration: "1m" });
    const [a, b, c] = ["a", "b", "c"].map((client) => series({ attributes: { client } }));
    show(point(a!, 1), point(b!, 1), point(c!, 1));
    expect([(await lines()).length, dropped("series_limit")]).toEqual([2, 1]);
    rig.clock.advance(2 * MINUTE_MS);
    show(point(c!, 1));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{client="c",instance="edge-1",job="gost"} 1']);
  });

  test("is an older point of a counter that was overtaken; a clock that was set back hides nothing", async () => {
    await started();
    const io = series();
    show(point(io, 10, { time: 5000 }), point(io, 8, { time: 4000 }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 10']);
    expect(dropped("out_of_order")).toBe(1);
    show(point(io, 9, { time: 5000 }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 10']);
    show(point(io, 12, { time: 4500 }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 12']);
    show(point(io, 1, { start: 2000, time: 4600 }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 1']);
  });
});

describe("deltas", () => {
  const delta = { temporality: "delta" } as const;

  test("are added where one begins as the last one ends; a gap begins a new count", async () => {
    await started();
    const io = series({ metric: delta });
    show(point(io, 5, { start: 0, time: 1000 }), point(io, 7, { start: 1000, time: 2000 }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 12']);
    show(point(io, 3, { start: 2500, time: 3000 }));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 3']);
  });

  test("of histograms are added by bucket, and left out where they overlap", async () => {
    await started();
    const histogram = series({ metric: { ...delta, name: "h", unit: "", type: "histogram", monotonic: false } });
    const value = { count: 3, sum: 4, bounds: [1], counts: [1, 2] };
    show(point(histogram, value, { start: 0, time: 1000 }), point(histogram, value, { start: 1000, time: 2000 }));
    show(point(histogram, value, { start: 500, time: 2500 }));
    const { samples } = readExposition(await page());
    expect(samples.map((sample) => sample.value)).toEqual([2, 6, 8, 6]);
    expect(dropped("misaligned")).toBe(1);
  });
});

describe("expiry", () => {
  test("takes out what had no news for the time, without a scrape, and lets another type have the name", async () => {
    await started();
    const io = series({ attributes: { client: "a" } });
    show(point(io, 1), point(series({ attributes: { client: "b" } }), 1));
    rig.clock.advance(4 * MINUTE_MS);
    show(point(io, 1));
    rig.clock.advance(2 * MINUTE_MS);
    expect(rig.total("gostcol_exporter_prometheus_series")).toBe(1);
    expect(rig.total("gostcol_exporter_prometheus_expired")).toBe(1);
    expect(await lines()).toEqual(['gost_client_io_bytes_total{client="a",instance="edge-1",job="gost"} 1']);
    rig.clock.advance(5 * MINUTE_MS);
    expect(await page()).toBe("");
    show(
      point(series({ metric: { type: "gauge", monotonic: false, name: "gost.client.io.bytes.total", unit: "" } }), 4),
    );
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 4']);
  });

  test("never takes out a series with a stored total", async () => {
    await started();
    const io = series();
    const unpin = rig.table.pin(io);
    show(point(io, 1));
    rig.clock.advance(60 * MINUTE_MS);
    expect((await lines()).length).toBe(1);
    unpin();
    rig.clock.advance(MINUTE_MS);
    expect(await lines()).toEqual([]);
  });

  test("of 0s takes out nothing", async () => {
    await started({ metric_expiration: "0s" });
    show(point(series(), 1));
    rig.clock.advance(24 * 60 * MINUTE_MS);
    expect((await lines()).length).toBe(1);
  });

  test("a point without a recorded value takes out its series alone", async () => {
    await started();
    const [a, b] = ["a", "b"].map((client) => series({ attributes: { client } }));
    show(point(a!, 1), point(b!, 1));
    show(point(a!, 0, { extra: { noRecordedValue: true } }), point(b!, 2));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{client="b",instance="edge-1",job="gost"} 2']);
  });

  test("a point without a recorded value that is older than the value on show is left out", async () => {
    await started();
    const gone = point(series(), 0, { extra: { noRecordedValue: true } });
    rig.clock.advance(1);
    show(point(series(), 2), gone);
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 2']);
  });

  test("goes along with the series table's own", async () => {
    await started();
    show(point(series(), 1));
    rig.table.sweep(0);
    expect(await lines()).toEqual([]);
    show(point(series(), 2));
    expect(await lines()).toEqual(['gost_client_io_bytes_total{instance="edge-1",job="gost"} 2']);
  });
});

test("whatever comes and goes, a scrape shows the last value of each series that was not taken away", async () => {
  const step = fc.record({
    client: fc.constantFrom("a", "b", 'c"\\\n', "😀"),
    node: fc.constantFrom("edge-1", "edge-2"),
    value: fc.maxSafeNat(),
    gone: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step), async (steps) => {
      await started();
      const model = new Map<string, number>();
      for (const { client, node, value, gone } of steps) {
        const key = `${node} ${client}`;
        const attributes = { "gost.client.id": client };
        // A gauge, for a counter would not fall.
        const metric = { type: "gauge", monotonic: false } as const;
        const of = series({ metric, attributes, node: { ...NODE, "service.instance.id": node } });
        show(point(of, value, gone ? { extra: { noRecordedValue: true } } : {}));
        if (gone) model.delete(key);
        else model.set(key, value);
      }
      const { samples } = readExposition(await page());
      const seen = samples.map(({ labels, value }) => [`${labels["instance"]} ${labels["gost_client_id"]}`, value]);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(model));
      expect(rig.total("gostcol_exporter_prometheus_series")).toBe(model.size);
      await rig.stop();
    }),
  );
});

test("its configuration names the port that it listens on, and what is missing from TLS", () => {
  const parse = (value: unknown) => prometheusExporter.config.parse(value);
  const plain = parse({});
  expect(prometheusExporter.resources?.(plain)).toEqual([
    { type: "listen", host: "127.0.0.1", port: 9464, protected: false, path: ["endpoint"] },
  ]);
  expect(prometheusExporter.check?.(plain)).toEqual([]);
  const halfTls = parse({ tls: { cert_file: "cert.pem" } });
  expect(prometheusExporter.resources?.(halfTls)[0]).toMatchObject({ protected: true });
  expect(prometheusExporter.check?.(halfTls)[0]).toMatchObject({ code: "missing_option", path: ["tls"] });
});

test("stopping closes the port and every timer, twice and without a start as well", async () => {
  await started();
  await rig.stop();
  await rig.stop();
  expect(rig.network.servers[0]?.closed).toBe(true);
  expect(rig.clock.liveTimers).toBe(0);
});
