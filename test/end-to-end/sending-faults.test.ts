import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ExporterDefinition } from "../../src/component/define.ts";
import { type HttpAnswer, TransportError } from "../../src/component/transport.ts";
import { otlpGrpcExporter } from "../../src/exporters/otlp_grpc/index.ts";
import { otlpHttpExporter } from "../../src/exporters/otlp_http/index.ts";
import { prometheusRemoteWriteExporter } from "../../src/exporters/prometheus_remote_write/index.ts";
import { statsdExporter } from "../../src/exporters/statsd/index.ts";
import { createTransport } from "../../src/kit/client/transport.ts";
import { systemClock } from "../../src/lib/system-clock.ts";
import {
  GRPC_FAULTS,
  HTTP_FAULTS,
  REMOTE_WRITE_FAULTS,
  type Scene,
  SECRET,
  STREAM_FAULTS,
  tlsPairs,
} from "../support/backend-faults.ts";
import { COUNTER } from "../support/counter-metric.ts";
import { fakeTransport } from "../support/fake-transport.ts";
import { type BackendProtocol, type FaultyBackend, faultyBackend } from "../support/faulty-backend.ts";
import { type SendingRig, sendingRig } from "../support/sending-rig.ts";

/**
 * docs/sending-faults.md says for every fault of a backend what becomes of the data and what an operator reads. Its tables
 * are what is expected here: each row is played over real connections, with the waits in virtual time.
 */

const POINTS = 3;
/** A backend that is well again has everything after so long, by the exporter's clock. */
const BACK_WITHIN_MS = 12_000;

interface Exporter {
  readonly definition: ExporterDefinition;
  readonly protocol: BackendProtocol;
  readonly faults: Readonly<Record<string, Scene>>;
  readonly config: object;
}

const AUTHORIZATION = { headers: { authorization: `Bearer ${SECRET}` } };
const EXPORTERS: Readonly<Record<string, Exporter>> = {
  otlp_grpc: {
    definition: otlpGrpcExporter,
    protocol: "grpc",
    faults: GRPC_FAULTS,
    config: { compression: "none", timeout: "5s", ...AUTHORIZATION },
  },
  otlp_http: {
    definition: otlpHttpExporter,
    protocol: "http",
    faults: HTTP_FAULTS,
    config: { compression: "none", timeout: "5s", ...AUTHORIZATION },
  },
  prometheus_remote_write: {
    definition: prometheusRemoteWriteExporter,
    protocol: "http",
    faults: REMOTE_WRITE_FAULTS,
    config: {},
  },
  statsd: {
    definition: statsdExporter,
    protocol: "lines",
    faults: STREAM_FAULTS,
    config: {},
  },
};

/** A row of the tables: what the backend does, what becomes of the data, how it is counted, and what the line says. */
interface Row {
  readonly backend: string;
  readonly data: "kept" | "taken" | "taken in part" | "dropped";
  readonly counted: string;
  readonly told: string;
}

describe.each(Object.entries(EXPORTERS))("%s to a backend that", (type, exporter) => {
  const rows = tableOf(type);

  test("is in the documentation is played here, and the other way round", () => {
    expect(rows.map(({ backend }) => backend)).toEqual(Object.keys(exporter.faults));
  });

  test.each(rows)("$backend: the data is $data", async (row) => {
    const scene = exporter.faults[row.backend]!;
    const backend = await faultyBackend(exporter.protocol, scene.tls?.(await tlsPairs()));
    const rig = await rigOf(exporter, scene, backend);
    if (scene.warm) {
      await deliver(rig, 1);
      await passUntil(rig, () => standing(rig).sent === POINTS);
    }
    const before = standing(rig);
    backend.fault = scene;
    await scene.begin?.(backend);
    await deliver(rig, 2);
    await passUntil(rig, () => standing(rig).attempts > before.attempts);
    const after = standing(rig);

    expect(rig.printed.map((line) => placeless(line, backend))).toEqual(linesOf(type, row));
    const change = { sent: after.sent - before.sent, failed: after.failed, waiting: after.waiting };
    expect(change).toEqual(FATES[row.data]);
    const [outcome, reason] = row.counted.split(", dropped as ") as [string, string | undefined];
    expect(rig.total("gostcol_exporter_attempts", { outcome })).toBe(outcome === "success" ? after.attempts : 1);
    if (reason !== undefined) expect(rig.total("gostcol_exporter_dropped_items", { reason })).toBe(change.failed);
    if (after.waiting === 0 || scene.endless) return;

    backend.fault = undefined;
    await scene.end?.(backend);
    const mendedAt = rig.clock.monotonic();
    await passUntil(rig, () => standing(rig).waiting === 0, 10);
    expect(rig.clock.monotonic() - mendedAt).toBeLessThan(BACK_WITHIN_MS);
    expect(standing(rig)).toMatchObject({ sent: before.sent + POINTS, failed: 0 });
    // What was written to a stream is sent, and arrives a little later.
    await expect.poll(() => backend.taken).toHaveLength(scene.warm ? 2 : 1);
    expect(rig.printed.at(-1)).toContain("the backend answers again");
  });
});

test("an outage of some hours is told in a handful of lines", async () => {
  let answer = (): HttpAnswer => {
    throw new TransportError("ECONNREFUSED", "backend.test: nobody listens");
  };
  const transport = fakeTransport({ http: () => answer() });
  const rig = await sendingRig(otlpHttpExporter, { endpoint: "http://backend.test", compression: "none" }, transport);
  for (let minute = 0; minute < 150; minute++) {
    await deliver(rig, minute);
    await rig.clock.advanceAsync(60_000);
  }
  const starting = () => ({ status: 503, headers: {}, body: Buffer.from("starting up") });
  const away = answer;
  for (let turn = 0; turn < 3; turn++) {
    answer = starting;
    await rig.clock.advanceAsync(20_000);
    answer = away;
    await rig.clock.advanceAsync(20_000);
  }
  answer = () => ({ status: 200, headers: {}, body: new Uint8Array() });
  await rig.clock.advanceAsync(60_000);
  const lines = rig.printed.map((line) => line.replace(/(waitMs|seconds|failed_attempts)=\d+/g, "$1=N"));
  const by = "exporter:otlp_http  ";
  const reminder = `WARN  ${by}sending still fails reason="backend.test: nobody listens" seconds=N failed_attempts=N`;
  expect(lines).toEqual([
    `WARN  ${by}sending failed, and will be tried again reason="backend.test: nobody listens" waitMs=N`,
    `WARN  ${by}the circuit breaker is open: one attempt at a time finds out whether the backend is back everyMs=5000`,
    reminder,
    reminder,
    reminder,
    reminder,
    `WARN  ${by}sending failed, and will be tried again reason="HTTP status 503: starting up" waitMs=N`,
    `INFO  ${by}the backend answers again seconds=N failed_attempts=N`,
  ]);
  expect(standing(rig)).toMatchObject({ sent: 150 * POINTS, waiting: 0 });
  await rig.stop();
});

const FATES: Readonly<Record<Row["data"], object>> = {
  kept: { sent: 0, failed: 0, waiting: 1 },
  taken: { sent: POINTS, failed: 0, waiting: 0 },
  "taken in part": { sent: POINTS - 2, failed: 2, waiting: 0 },
  dropped: { sent: 0, failed: POINTS, waiting: 0 },
};

/** What is printed for a row, as the page says in front of its tables. */
function linesOf(type: string, { data, counted, told }: Row): string[] {
  if (told === "") return [];
  const by = `exporter:${type}  `;
  const text = JSON.stringify(told);
  switch (data) {
    case "kept":
      return [`WARN  ${by}sending failed, and will be tried again reason=${text} waitMs=N`];
    case "taken":
      return [`WARN  ${by}the backend took everything, with a warning items=3 warning=${text}`];
    case "taken in part":
      return [`WARN  ${by}the backend took a part only, the rest is dropped items=3 rejected=2 reason=${text}`];
    case "dropped": {
      const reason = counted.replace("permanent, dropped as ", "");
      return [`ERROR ${by}data was given up, it is dropped items=3 reason=${reason} message=${text}`];
    }
    default:
      return data satisfies never;
  }
}

/** The page's table for an exporter. */
function tableOf(type: string): Row[] {
  const page = readFileSync(new URL("../../docs/sending-faults.md", import.meta.url), "utf8");
  const section = page.split(/^## /m).find((each) => each.startsWith(`${type}\n`)) ?? "";
  const rows = section.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) => {
    const [backend, data, counted, told] = row
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim().replaceAll("`", ""));
    return { backend, data, counted, told } as Row;
  });
}

/** A line without what is another one each time. */
function placeless(line: string, { port }: FaultyBackend): string {
  return line
    .replaceAll(`localhost:${port}`, "HOST")
    .replaceAll(`127.0.0.1:${port}`, "HOST")
    .replace(/waitMs=\d+/, "waitMs=N");
}

async function rigOf(
  { definition, protocol, config }: Exporter,
  scene: Scene,
  { port }: FaultyBackend,
): Promise<SendingRig> {
  const { trusted, expired, elsewhere } = await tlsPairs();
  const tls = scene.tls && { tls: { ca_pem: [trusted, expired, elsewhere].map(({ cert }) => cert).join("\n") } };
  const scheme = protocol === "lines" ? "tcp" : scene.tls ? "https" : "http";
  const endpoint = `${scheme}://localhost:${port}`;
  const own = JSON.parse(JSON.stringify(scene.config ?? {}).replace("HOST", `localhost:${port}`)) as object;
  const transport = createTransport({ clock: systemClock });
  const rig = await sendingRig(definition, { endpoint, ...tls, ...config, ...own }, transport);
  onTestFinished(() => rig.stop(AbortSignal.abort(new Error("the test is over"))));
  return rig;
}

/** Delivers a point for each of some clients, with this total. */
async function deliver({ table, deliver }: SendingRig, value: number): Promise<void> {
  const resource = table.resource({ "service.instance.id": "edge-1" });
  const clients = Array.from({ length: POINTS }, (_, index) => `client-${index}`);
  const points = clients.map((client) => ({
    series: table.series(resource, table.scope("test", ""), COUNTER, { "gost.client.id": client }),
    start: 0,
    time: 1,
    value,
  }));
  expect(await deliver({ rows: [], points })).toEqual({ taken: true });
}

/** Where the exporter's numbers stand. */
function standing({ total }: SendingRig) {
  return {
    attempts: total("gostcol_exporter_attempts"),
    sent: total("otelcol_exporter_sent_metric_points"),
    failed: total("otelcol_exporter_send_failed_metric_points"),
    waiting: total("otelcol_exporter_queue_size"),
  };
}

/** Lets the real network work, and after so many rounds of 5 ms virtual time pass as well. */
async function passUntil({ clock }: SendingRig, done: () => boolean, patience = 100): Promise<void> {
  const giveUpAt = clock.monotonic() + 60_000;
  for (let idle = 0; !done(); idle++) {
    if (clock.monotonic() > giveUpAt) throw new Error("what was waited for did not happen");
    await sleep(5);
    await clock.advanceAsync(idle < patience ? 0 : 100);
  }
}
