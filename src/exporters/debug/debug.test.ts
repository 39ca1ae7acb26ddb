import { describe, expect, test } from "vitest";
import { type ExporterRig, exporterRig } from "../../../test/support/exporter-rig.ts";
import type { LogRecord } from "../../model/log-records.ts";
import type { Point } from "../../model/points.ts";
import type { Metric } from "../../model/series.ts";
import type { Span } from "../../model/spans.ts";
import { debugExporter } from "./index.ts";

const TIME_MS = Date.UTC(2026, 0, 1, 12, 0, 0, 250);
const TIME_NANOS = BigInt(TIME_MS) * 1_000_000n;

const IO: Metric = {
  name: "gost.client.io",
  unit: "By",
  description: "Bytes by client",
  type: "sum",
  monotonic: true,
  temporality: "cumulative",
  number: "int",
};

function parts({ table }: ExporterRig) {
  return {
    resource: table.resource({ "service.name": "gost", "service.instance.id": "edge-1" }),
    scope: table.scope("gostcol", "0.1.0"),
  };
}

function point(rig: ExporterRig, value: Point["value"], client = "alice", metric: Partial<Metric> = {}): Point {
  const { resource, scope } = parts(rig);
  const series = rig.table.series(resource, scope, rig.table.metric({ ...IO, ...metric }), {
    "gost.client.id": client,
  });
  return { series, start: TIME_MS - 1000, time: TIME_MS, value };
}

function record(rig: ExporterRig, rest: Partial<LogRecord> = {}): LogRecord {
  return {
    ...parts(rig),
    timeNanos: TIME_NANOS,
    observedTimeNanos: TIME_NANOS + 1_000_000n,
    severityNumber: 9,
    severityText: "INFO",
    eventName: "gost.service.state_changed",
    body: "service service-0 is running",
    attributes: { "gost.service.name": "service-0" },
    ...rest,
  };
}

function span(rig: ExporterRig): Span {
  return {
    ...parts(rig),
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    parentSpanId: "b7ad6b7169203332",
    name: "failed",
    kind: "server",
    startNanos: TIME_NANOS,
    endNanos: TIME_NANOS + 1_500_000_000n,
    attributes: { a: 1 },
    events: [{ timeNanos: TIME_NANOS, name: "retry", attributes: { n: 2 } }],
    status: { code: "error", message: "no route" },
  };
}

async function printed(config: unknown, send: (rig: ExporterRig) => void): Promise<string> {
  const rig = await exporterRig(debugExporter, config);
  send(rig);
  return rig.printed.join("");
}

describe("metrics", () => {
  test("basic is one line for a batch", async () => {
    const text = await printed({}, (rig) =>
      rig.send("metrics", { rows: [], points: [point(rig, 1), point(rig, 2, "bob")] }),
    );
    expect(text).toBe("2026-01-01T00:00:00.000Z metrics: 1 resource, 1 metric, 2 data points\n");
  });

  test("normal is a line for each point, under its resource, with its unit", async () => {
    const text = await printed({ verbosity: "normal" }, (rig) =>
      rig.send("metrics", { rows: [], points: [point(rig, 235), point(rig, 5_000_000, "two words")] }),
    );
    expect(text.split("\n").slice(1)).toEqual([
      "  from service.name=gost service.instance.id=edge-1",
      "    gost.client.io{gost.client.id=alice} 235 By",
      '    gost.client.io{gost.client.id="two words"} 5000000 By (4.8 MiB)',
      "",
    ]);
  });

  test("detailed is everything, histograms included", async () => {
    const histogram = { count: 3, sum: 4.5, bounds: [1], counts: [1, 2] };
    const text = await printed({ verbosity: "detailed" }, (rig) => {
      const latency = { name: "latency", unit: "s", type: "histogram", monotonic: false, description: "" } as const;
      const exemplars = [{ time: TIME_MS, value: 0.5, traceId: "0a", attributes: { z: 1 } }];
      rig.send("metrics", {
        rows: [],
        points: [point(rig, 235), { ...point(rig, histogram, "bob", latency), extra: { exemplars } }],
      });
    });
    expect(text.split("\n").slice(1)).toEqual([
      "  from service.name=gost service.instance.id=edge-1",
      "    scope gostcol 0.1.0",
      '      gost.client.io (cumulative monotonic sum of ints, in By): "Bytes by client"',
      "        {gost.client.id=alice} 235 By",
      "          at 2026-01-01T12:00:00.250Z, since 2026-01-01T11:59:59.250Z",
      "      latency (cumulative histogram of ints, in s)",
      "        {gost.client.id=bob} count 3, sum 4.5 s",
      "          at 2026-01-01T12:00:00.250Z, since 2026-01-01T11:59:59.250Z",
      "          up to 1: 1",
      "          above 1: 2",
      "          exemplar 0.5 at 2026-01-01T12:00:00.250Z trace 0a z=1",
      "",
    ]);
  });
});

test("log records tell time, severity, event, body and attributes", async () => {
  const send = (rig: ExporterRig) => rig.send("logs", { records: [record(rig)] });
  expect(await printed({}, send)).toBe("2026-01-01T00:00:00.000Z logs: 1 resource, 1 log record\n");
  const line =
    '2026-01-01T12:00:00.250Z INFO gost.service.state_changed "service service-0 is running" gost.service.name=service-0';
  expect(await printed({ verbosity: "normal" }, send)).toContain(`    ${line}\n`);
  expect(await printed({ verbosity: "detailed" }, send)).toContain(
    `      ${line}\n        observed 2026-01-01T12:00:00.251Z, severity 9\n`,
  );
});

test("spans tell when, what, how long and how it ended", async () => {
  const send = (rig: ExporterRig) => rig.send("traces", { spans: [span(rig)] });
  expect(await printed({}, send)).toBe("2026-01-01T00:00:00.000Z traces: 1 resource, 1 span\n");
  const line =
    '2026-01-01T12:00:00.250Z failed server took 1.5s error "no route" trace 0af7651916cd43dd8448eb211c80319c span b7ad6b7169203331 a=1';
  expect(await printed({ verbosity: "normal" }, send)).toContain(`    ${line}\n`);
  expect(await printed({ verbosity: "detailed" }, send)).toContain(
    `      ${line}\n        until 2026-01-01T12:00:01.750Z, parent b7ad6b7169203332\n        event retry at 2026-01-01T12:00:00.250Z n=2\n`,
  );
});

test.each([
  ["a line of its own", "x\n2026-01-01T00:00:00.000Z metrics: all is well", '"x\\n2026'],
  ["a terminal's colour", "\u001b[31mred", '"\\u{1b}[31mred"'],
  ["the other direction of writing", "\u202egnp.exe", '"\\u{202e}gnp.exe"'],
  ["the end of its quotes", 'a" b', '"a\\" b"'],
])("no client can print %s", async (_, client, expected) => {
  for (const verbosity of ["normal", "detailed"]) {
    const text = await printed({ verbosity }, (rig) => {
      rig.send("metrics", {
        rows: [],
        points: [point(rig, 1, client, { unit: client, description: client, name: client })],
      });
      rig.send("logs", { records: [record(rig, { body: client, eventName: client, severityText: client })] });
    });
    expect(text).toContain(`gost.client.id=${expected}`);
    expect(text).not.toContain(client);
    expect(text).not.toMatch(/[\p{Cf}]|[^\n\P{Cc}]/u);
  }
});

test("a time that no calendar has is printed as its number", async () => {
  const text = await printed({ verbosity: "detailed" }, (rig) =>
    rig.send("metrics", { rows: [], points: [{ ...point(rig, 1), start: 0, time: 1e300 }] }),
  );
  expect(text).toContain("at 1e+300 ms since 1970, since unknown");
});

test("nothing is printed before it is committed", async () => {
  const rig = await exporterRig(debugExporter);
  const commit = rig.stage("metrics", { rows: [], points: [point(rig, 1)] });
  expect(rig.printed).toEqual([]);
  commit();
  expect(rig.printed.length).toBe(1);
});

test("the first batches of each second are printed, then every so many-th, and the rest is counted", async () => {
  const rig = await exporterRig(debugExporter, { sampling_initial: 2, sampling_thereafter: 3 });
  const send = (times: number) => {
    for (let turn = 0; turn < times; turn++) rig.send("metrics", { rows: [], points: [point(rig, turn)] });
  };
  send(8);
  expect(rig.printed.length).toBe(4);
  rig.clock.advance(1000);
  send(2);
  expect(rig.printed.length).toBe(6);
  expect(rig.total("gostcol_exporter_debug_skipped", { signal: "metrics" })).toBe(4);
  rig.send("logs", { records: [record(rig)] });
  expect(rig.printed.length).toBe(7);
});

test("what standard output has no room for is counted", async () => {
  const rig = await exporterRig(debugExporter, {}, { print: () => false });
  rig.send("logs", { records: [record(rig)] });
  expect(rig.total("gostcol_exporter_debug_unread", { signal: "logs" })).toBe(1);
});

test("the agent's log takes it where that is wanted", async () => {
  const rig = await exporterRig(debugExporter, { use_internal_logger: true });
  rig.send("logs", { records: [record(rig)] });
  expect(rig.printed).toEqual([]);
  expect(rig.logged).toEqual(["info 2026-01-01T00:00:00.000Z logs: 1 resource, 1 log record"]);
});
