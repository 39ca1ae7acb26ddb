import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { batchCodecs } from "../../src/model/otlp/batch-codecs.ts";
import { batchJson } from "../../src/model/otlp/json-writer.ts";
import { SeriesTable } from "../../src/model/series-table.ts";
import { faultyBackend } from "../support/faulty-backend.ts";
import { type ReadSample, readExposition } from "../support/read-exposition.ts";
import { gostcolCommand } from "./harness/gostcol.ts";
import { flatItems } from "./harness/otlp-items.ts";
import { peerPath } from "./harness/peers.ts";
import { freePorts } from "./harness/ports.ts";
import { type Command, startProcess } from "./harness/process.ts";
import { temporaryFolder } from "./harness/temporary-folder.ts";

const SEED = Number(process.env["GOSTCOL_EITHER_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const EXAMPLE = join(import.meta.dirname, "../../config/examples/either.yaml");
const ROUNDS = 5;
const START_NS = BigInt(Date.now() - 600_000) * 1_000_000n;
const ROUND_NS = 10_000_000_000n;

/**
 * What differs, and why: docs/collector.md. Besides these summaries, labels without a value are not written here, and no
 * HELP where there is no description; Prometheus knows no difference.
 */
const NOT_SHOWN_HERE = /^app_size_bytes/;

test("one configuration file runs on both, and both show the same page and send the same points on", async () => {
  const folder = await temporaryFolder("either");
  await copyFile(EXAMPLE, join(folder, "either.yaml"));
  const args = ["--config", "either.yaml"];
  // The Collector's own metrics would take a port of their own; the file says nothing of them.
  const off = ["--set", "service.telemetry.metrics.level=none"];
  const collector = await startAgent((environment) => ({
    name: "otelcol",
    program: peerPath("otelcol"),
    args: [...args, ...off],
    folder,
    environment,
  }));
  const gostcol = await startAgent((environment) => ({
    ...gostcolCommand(["run", ...args, ...off], folder),
    environment,
  }));

  for (const request of requests()) {
    for (const agent of [collector, gostcol]) await agent.send(request);
  }
  await vi.waitFor(() => {
    const [theirs, ours] = [collector.forwarded(), gostcol.forwarded()];
    expect(ours.length, `seed ${SEED}`).toBeGreaterThan(100);
    expect(ours.toSorted(), `seed ${SEED}`).toEqual(theirs.toSorted());
  }, 5000);
  await vi.waitFor(async () => {
    const [theirs, ours] = [await collector.page(), await gostcol.page()];
    const missing = without(theirs, ours).filter((line) => !NOT_SHOWN_HERE.test(line));
    expect({ missing, surplus: without(ours, theirs) }, `seed ${SEED}`).toEqual({ missing: [], surplus: [] });
    expect(ours.length).toBeGreaterThan(50);
  }, 5000);
});

async function startAgent(command: (environment: Record<string, string>) => Command) {
  const [grpc, http, metrics] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`) as [string, string, string];
  const backend = await faultyBackend("grpc");
  const codecs = batchCodecs(new SeriesTable());
  await startProcess(
    command({ OTLP_GRPC: grpc, OTLP_HTTP: http, METRICS: metrics, BACKEND: `127.0.0.1:${backend.port}` }),
    async () =>
      (await fetch(`http://${http}/v1/metrics`)).status === 405 && (await fetch(`http://${metrics}/metrics`)).ok,
  );
  return {
    async send(request: object) {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(`http://${http}/v1/metrics`, {
        method: "POST",
        headers,
        body: JSON.stringify(request),
      });
      expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
    },
    /** What `otlp_grpc` sent on, point by point. */
    forwarded(): readonly string[] {
      const requests = backend.taken.map((body) => batchJson("metrics", codecs.metrics.decode(gunzipSync(body))));
      return requests.flatMap((request) => flatItems("metrics", request as Record<string, unknown>));
    },
    /** What `prometheus` shows, line by line. */
    async page(): Promise<readonly string[]> {
      const text = await (await fetch(`http://${metrics}/metrics`)).text();
      const { samples, types, help } = readExposition(text);
      return [
        ...samples.map(wordsOf),
        ...[...types].map(([name, type]) => `${name} is a ${type}: ${help.get(name) ?? ""}`),
      ];
    },
  };
}

function wordsOf({ name, labels, value }: ReadSample): string {
  return `${name} ${JSON.stringify(
    Object.entries(labels)
      .filter(([, value]) => value !== "")
      .toSorted(),
  )} ${value}`;
}

function without(all: readonly string[], known: readonly string[]): string[] {
  const set = new Set(known);
  return all.filter((each) => !set.has(each));
}

/** Export requests in JSON, a round of points in each: counts that grow, levels, and some that the filter leaves out. */
function requests(): object[] {
  const clients = ["alice", "bob", "probe", 'c"\\d\n', "größe"];
  const routes = ["/", "/healthz", "/a/b"];
  const number = fc.sample(fc.integer({ min: 0, max: 1_000_000 }), { numRuns: 10_000, seed: SEED });
  let at = 0;
  const next = () => number[at++ % number.length]!;
  const double = () => next() / 7;
  const totals = new Map<string, number>();
  const grown = (key: string) => {
    totals.set(key, (totals.get(key) ?? 0) + next());
    return totals.get(key)!;
  };
  return Array.from({ length: ROUNDS }, (_, round) => {
    const end = START_NS + BigInt(round + 1) * ROUND_NS;
    const delta = { startTimeUnixNano: String(end - ROUND_NS), timeUnixNano: String(end) };
    const cumulative = { startTimeUnixNano: String(START_NS), timeUnixNano: String(end) };
    const client = (id: string) =>
      attributesOf({ "gost.client.id": id, "user.name": id, "net.peer": `${id}:${round}` });
    const metricsOf = (node: string) => [
      {
        name: "gost.client.io",
        description: "What clients moved",
        unit: "By",
        sum: {
          aggregationTemporality: 1,
          isMonotonic: true,
          dataPoints: clients.map((id) => ({ ...delta, asInt: String(next()), attributes: client(id) })),
        },
      },
      {
        name: "gost.client.connection.active",
        unit: "{connection}",
        sum: {
          aggregationTemporality: 2,
          isMonotonic: false,
          dataPoints: clients.map((id) => ({ ...cumulative, asInt: String(next() - 500_000), attributes: client(id) })),
        },
      },
      {
        name: "app.requests",
        unit: "1",
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: routes.map((route) => ({
            ...cumulative,
            asDouble: grown(`${node} ${route}`) / 7,
            attributes: attributesOf({ "http.route": route }),
          })),
        },
      },
      {
        name: "app.temperature",
        unit: "Cel",
        gauge: { dataPoints: [{ timeUnixNano: String(end), asDouble: double() }] },
      },
      { name: "app.share", unit: "1", gauge: { dataPoints: [{ timeUnixNano: String(end), asDouble: double() }] } },
      {
        name: "app.duration",
        description: "How long requests took",
        unit: "ms",
        histogram: {
          aggregationTemporality: 1,
          dataPoints: routes.map((route) => {
            const counts = [next(), next(), next(), next()];
            return {
              ...delta,
              count: String(counts.reduce((sum, count) => sum + count, 0)),
              sum: double(),
              bucketCounts: counts.map(String),
              explicitBounds: [0.5, 10, 250],
              attributes: attributesOf({ "http.route": route }),
            };
          }),
        },
      },
      {
        name: "app.size",
        unit: "By",
        summary: {
          dataPoints: [
            {
              ...cumulative,
              count: String(grown(`${node} count`)),
              sum: grown(`${node} sum`),
              quantileValues: [0.5, 0.99].map((quantile) => ({ quantile, value: double() })),
            },
          ],
        },
      },
    ];
    return {
      resourceMetrics: ["edge-1", "edge-2"].map((node) => ({
        resource: {
          attributes: attributesOf({ "service.name": "gost", "service.instance.id": node, "cloud.region": "north" }),
        },
        scopeMetrics: [{ scope: { name: "app", version: "1.2" }, metrics: metricsOf(node) }],
      })),
    };
  });
}

const attributesOf = (attributes: Readonly<Record<string, string>>) =>
  Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
