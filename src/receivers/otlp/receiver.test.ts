import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { SAMPLES, seenIn } from "../../../test/contract/batches.ts";
import { type ComponentRig, componentRig } from "../../../test/contract/rig.ts";
import { Refusal } from "../../component/refusal.ts";
import { errorOfStatus, partialSuccess, partialSuccessOfJson } from "../../kit/otlp/export-answer.ts";
import { EXPORT_METHODS } from "../../kit/otlp/methods.ts";
import { NEVER } from "../../lib/abort.ts";
import { batchCodecs } from "../../model/otlp/batch-codecs.ts";
import { batchJson } from "../../model/otlp/json-writer.ts";
import { allPoints, type MetricsBatch } from "../../model/points.ts";
import { SeriesTable } from "../../model/series-table.ts";
import { type Batches, SIGNALS, type Signal } from "../../model/signal.ts";
import type { Encoding } from "./answers.ts";
import { otlpReceiver } from "./index.ts";

const CONTENT_TYPE = { proto: "application/x-protobuf", json: "application/json" } as const;

async function started(changes: { http?: object; grpc?: object; limits?: object } = {}): Promise<ComponentRig> {
  const { http = null, grpc = null, limits = {} } = changes;
  const rig = componentRig(otlpReceiver, otlpReceiver.config.parse({ protocols: { http, grpc }, limits }));
  await rig.instance.start?.(NEVER);
  return rig;
}

const sample = (signal: Signal, table: SeriesTable) =>
  SAMPLES.find((each) => each.signal === signal)!.batch(table) as Batches[Signal];

function requestOf(signal: Signal, encoding: Encoding): Buffer {
  const table = new SeriesTable();
  const batch = sample(signal, table);
  if (encoding === "json") return Buffer.from(JSON.stringify(batchJson(signal, batch)));
  return Buffer.from((batchCodecs(table)[signal].encode as (batch: Batches[Signal]) => Uint8Array)(batch));
}

interface Post {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
}

/** An empty request for metrics in JSON, but for what is said. */
function post(rig: ComponentRig, request: Post) {
  const headers = { "content-type": CONTENT_TYPE.json };
  return rig.network
    .server(4318)
    .connect()
    .send({ path: "/v1/metrics", headers, body: "{}", ...request });
}

const call = (rig: ComponentRig, signal: Signal, body: Uint8Array) =>
  rig.network.server(4317).connect().send({ path: EXPORT_METHODS[signal], body });

/** A gauge with a series for each of these clients. */
const gauge = (...clients: string[]) =>
  JSON.stringify({
    resourceMetrics: [
      {
        scopeMetrics: [
          {
            metrics: [
              {
                name: "m",
                gauge: {
                  dataPoints: clients.map((client) => ({
                    asInt: "1",
                    attributes: [{ key: "client", value: { stringValue: client } }],
                  })),
                },
              },
            ],
          },
        ],
      },
    ],
  });

describe.each(SIGNALS)("%s", (signal) => {
  const expected = () => seenIn([withPoints(sample(signal, new SeriesTable()))]);

  test.each(["proto", "json"] as const)("come over HTTP as %s, and the answer has that encoding", async (encoding) => {
    const rig = await started();
    const headers = { "content-type": `${CONTENT_TYPE[encoding]}; charset=utf-8` };
    const reply = await post(rig, { path: `/v1/${signal}`, headers, body: requestOf(signal, encoding) });
    expect(reply.answer).toMatchObject({ status: 200, headers: { "Content-Type": CONTENT_TYPE[encoding] } });
    expect(reply.text).toBe(encoding === "proto" ? "" : "{}");
    expect(seenIn(rig.handedOn)).toEqual(expected());
  });

  test("come over gRPC", async () => {
    const rig = await started();
    const { answer } = await call(rig, signal, requestOf(signal, "proto"));
    expect(answer).toEqual({ status: 0, body: new Uint8Array(0) });
    expect(seenIn(rig.handedOn)).toEqual(expected());
  });

  test("that are none are told to be so, in the encoding that they came in", async () => {
    const rig = await started();
    const body = Buffer.from("{ no such thing");
    const overHttp = async (encoding: Encoding) =>
      (await post(rig, { path: `/v1/${signal}`, headers: { "content-type": CONTENT_TYPE[encoding] }, body })).answer;
    const json = await overHttp("json");
    expect(json.status).toBe(400);
    expect(JSON.parse(String(json.body))).toEqual({ code: 3, message: expect.stringContaining("not JSON") });
    const proto = await overHttp("proto");
    expect(proto.status).toBe(400);
    expect([...(proto.body as Uint8Array).subarray(0, 3)]).toEqual([0x08, 3, 0x12]);
    expect((await call(rig, signal, body)).answer).toMatchObject({ status: 3, message: /^no OTLP: / });
    expect(rig.handedOn).toEqual([]);
    expect(rig.total("gostcol_receiver_otlp_rejected", { transport: "http", reason: "bad_json" })).toBe(1);
    expect(rig.total("gostcol_receiver_otlp_requests", { transport: "grpc", outcome: "malformed" })).toBe(1);
  });
});

/** Rows travel as points. */
function withPoints(batch: Batches[Signal]): Batches[Signal] {
  return "rows" in batch ? { rows: [], points: allPoints(batch as MetricsBatch) } : batch;
}

describe("a refusal", () => {
  const refusing = async (refusal: Refusal) => {
    const rig = await started();
    rig.nextDoes = () => {
      throw refusal;
    };
    return rig;
  };

  test("that ends is 503 with Retry-After, and UNAVAILABLE with the same wait", async () => {
    const rig = await refusing(new Refusal("retryable", "queue_full", "the queue is full", { retryAfterMs: 2500 }));
    const { answer } = await post(rig, { body: gauge("a") });
    expect(answer).toMatchObject({ status: 503, headers: { "Retry-After": "3" } });
    expect(JSON.parse(String(answer.body))).toMatchObject({ code: 14, message: "the queue is full" });
    const grpc = (await call(rig, "metrics", requestOf("metrics", "proto"))).answer;
    const details = Buffer.from(grpc.headers!["grpc-status-details-bin"]!, "base64");
    expect(errorOfStatus(grpc.status, grpc.message!, details)).toMatchObject({ kind: "retryable", retryAfterMs: 2500 });
  });

  test("without a wait leaves it to the sender", async () => {
    const rig = await refusing(new Refusal("retryable", "queue_full", "the queue is full"));
    const { answer } = await post(rig, { body: gauge("a") });
    expect([answer.status, answer.headers?.["Retry-After"]]).toEqual([503, undefined]);
    expect((await call(rig, "logs", requestOf("logs", "proto"))).answer).toEqual({
      status: 14,
      message: "the queue is full",
    });
  });

  test("for good is 500 and INTERNAL: nothing is gained by sending it again", async () => {
    const rig = await refusing(new Refusal("permanent", "bad_data", "nobody can use this"));
    expect((await post(rig, { body: gauge("a") })).answer.status).toBe(500);
    expect((await call(rig, "traces", requestOf("traces", "proto"))).answer.status).toBe(13);
  });
});

describe("compression", () => {
  const compress = { gzip: gzipSync, deflate: deflateSync, zlib: deflateSync, zstd: zstdCompressSync };

  test.each(["gzip", "deflate", "zlib", "zstd"] as const)("by %s is undone", async (name) => {
    const rig = await started();
    const headers = { "content-type": CONTENT_TYPE.proto, "content-encoding": name };
    const body = compress[name](requestOf("logs", "proto"));
    expect((await post(rig, { path: "/v1/logs", headers, body })).answer.status).toBe(200);
    expect(rig.handedOn).toHaveLength(1);
  });

  test("that hides a large body is found out while it is undone", async () => {
    const rig = await started({ http: { max_request_body_size: 10_000 } });
    const headers = { "content-type": CONTENT_TYPE.json, "content-encoding": "gzip" };
    const { answer } = await post(rig, { headers, body: gzipSync(Buffer.alloc(10_000_000)) });
    expect(answer.status).toBe(413);
    expect(rig.total("gostcol_receiver_otlp_rejected", { transport: "http", reason: "too_large" })).toBe(1);
  });

  test("that is not what it says is malformed, and one that is not taken is named", async () => {
    const rig = await started({ http: { compression_algorithms: ["", "gzip"] } });
    const by = (name: string) =>
      post(rig, { headers: { "content-type": CONTENT_TYPE.json, "content-encoding": name }, body: "{}" });
    expect((await by("gzip")).answer.status).toBe(400);
    expect((await by("identity")).answer.status).toBe(200);
    for (const name of ["zstd", "snappy"]) {
      expect((await by(name)).answer).toMatchObject({ status: 415, headers: { "Accept-Encoding": "gzip" } });
    }
  });
});

describe("limits", () => {
  test("of series: points of new ones are left out and told, the others are taken", async () => {
    const rig = await started({ limits: { series: 100 } });
    const known = Array.from({ length: 100 }, (_, index) => `client-${index}`);
    expect((await post(rig, { body: gauge(...known) })).text).toBe("{}");
    const told = { rejected: 2, message: "there are 100 series already: no new ones (limits.series)" };
    const reply = await post(rig, { body: gauge("new", "client-7", "newer") });
    expect([reply.answer.status, partialSuccessOfJson(reply.text)]).toEqual([200, told]);
    expect(rig.handedOn.map((batch) => (batch as MetricsBatch).points.length)).toEqual([100, 1]);
    const grpc = (await call(rig, "metrics", requestOf("metrics", "proto"))).answer;
    expect([grpc.status, partialSuccess(grpc.body as Uint8Array)]).toEqual([0, { ...told, rejected: 3 }]);
    expect(rig.total("gostcol_receiver_otlp_rejected_points", { reason: "series_limit" })).toBe(5);
    expect(rig.total("gostcol_receiver_otlp_series")).toBe(100);
  });

  test("of items: a request that holds more is refused whole, in words that its sender can act on", async () => {
    const rig = await started({ limits: { items_per_request: 2 } });
    expect((await post(rig, { body: gauge("a", "b") })).answer.status).toBe(200);
    const { answer } = await post(rig, { body: gauge("a", "b", "c") });
    expect(answer.status).toBe(413);
    expect(JSON.parse(String(answer.body))).toEqual({ code: 8, message: "at most 2 items are taken in a request" });
    expect((await call(rig, "metrics", requestOf("metrics", "proto"))).answer.status).toBe(8);
    expect(rig.handedOn).toHaveLength(1);
  });
});

describe("what is no export request", () => {
  test.each([
    ["another path", { path: "/" }, 404],
    ["another method", { method: "GET" }, 405],
    ["another Content-Type", { headers: { "content-type": "text/plain" } }, 415],
    ["no Content-Type", { headers: {} }, 415],
  ])("%s", async (_, request, status) => {
    const rig = await started();
    const { answer } = await post(rig, request);
    expect(answer).toMatchObject({ status, headers: { "Content-Type": "text/plain; charset=utf-8" } });
    expect(rig.total("gostcol_receiver_otlp_requests", { transport: "http", outcome: "not_supported" })).toBe(1);
  });

  test("a request without items is a success that nobody is bothered with", async () => {
    const rig = await started();
    expect((await post(rig, { headers: { "content-type": CONTENT_TYPE.proto }, body: "" })).answer.status).toBe(200);
    expect((await post(rig, { body: "{}" })).text).toBe("{}");
    expect(rig.handedOn).toEqual([]);
  });
});

test("a signal that no pipeline takes is not there", async () => {
  const config = otlpReceiver.config.parse({ protocols: { http: null, grpc: null } });
  const { deps, network } = componentRig(otlpReceiver, config);
  const receiver = otlpReceiver.create(config, deps, {});
  await receiver.start?.(NEVER);
  const headers = { "content-type": CONTENT_TYPE.json };
  const http = await network.server(4318).connect().send({ path: "/v1/traces", headers, body: "{}" });
  expect(http.answer.status).toBe(404);
  const grpc = await network.server(4317).connect().send({ path: EXPORT_METHODS.logs });
  expect(grpc.answer).toMatchObject({ status: 12, message: "no pipeline takes logs here" });
  await receiver.stop?.(NEVER);
});

describe("browsers", () => {
  const cors = { allowed_origins: ["https://*.example"], allowed_headers: ["X-Tenant"], max_age: 600 };
  const ask = {
    method: "OPTIONS",
    headers: { origin: "https://app.example", "access-control-request-method": "POST" },
  };

  test("are told that they may send from the pages that are allowed", async () => {
    const rig = await started({ http: { cors } });
    expect((await post(rig, ask)).answer).toEqual({
      status: 204,
      headers: {
        "Access-Control-Allow-Origin": "https://app.example",
        Vary: "Origin",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type, Content-Encoding, X-Tenant",
        "Access-Control-Max-Age": "600",
      },
    });
    const headers = { "content-type": CONTENT_TYPE.json, origin: "https://app.example" };
    const { answer } = await post(rig, { headers });
    expect(answer).toMatchObject({ status: 200, headers: { "Access-Control-Allow-Origin": "https://app.example" } });
  });

  test.each(["https://app.example.evil", "https://.exampl", "http://app.example", "null"])(
    "are told nothing from %s",
    async (origin) => {
      const rig = await started({ http: { cors } });
      const { answer } = await post(rig, { ...ask, headers: { ...ask.headers, origin } });
      expect(answer.headers).not.toHaveProperty("Access-Control-Allow-Origin");
    },
  );

  test("are told nothing where nothing is configured", async () => {
    expect((await post(await started(), ask)).answer.status).toBe(405);
  });
});

test("only the protocols that are configured are listened for, with their limits", async () => {
  const rig = componentRig(
    otlpReceiver,
    otlpReceiver.config.parse({ protocols: { grpc: { max_recv_msg_size_mib: 2 } } }),
  );
  await rig.instance.start?.(NEVER);
  expect(rig.network.servers.map(({ port, options: { limits } }) => [port, limits.bodyBytesMax])).toEqual([
    [4317, 2 * 1024 ** 2],
  ]);
});
